import { NodeSockets } from '@shoal/adapters/http/node-sockets';
import { Upstreams } from '@shoal/adapters/http/upstreams';
import { connectionRoom } from '@shoal/adapters/process/connection-room';
import { sayWithoutWaiting } from '@shoal/adapters/process/say-without-waiting';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { Calls } from '@shoal/domain/invocation/calls';
import { messageOf } from '@shoal/domain/shared/errors';
import { loadConfig } from '../config';
import { CallHandler } from '../data-plane/handle-call';
import { peerHeaders } from '../peer-headers';
import { relay, relayTarget } from '../relay';
import { GatewayServer } from '../server';
import { StartError } from '../start-error';
import { tlsServerOf } from '../tls';
import { connectInTurn } from './connect-in-turn';
import { REPORT_MS, type FromWorker, type ToWorker, type Usage } from './messages';
import { Outbox } from './outbox';
import { RemoteActivator } from './remote-activator';
import { WorkerShare } from './worker-share';

/** Asking the system costs more than all else in a report. */
const REPORTS_PER_USAGE = 20;

sayWithoutWaiting();
const config = loadConfig(process.env);
const clock = new SystemClock();
const outbox = new Outbox<FromWorker>((messages) => void process.send!(messages));
const share = new WorkerShare(clock, outbox.add);
const activator = new RemoteActivator(outbox.add);
let server: GatewayServer | undefined;
let port = 0;
let draining = false;

function start({ socketPath, port: ownPort, maxWaiting }: Extract<ToWorker, { kind: 'start' }>): void {
  const { functionNamespace, readTimeoutMs, writeTimeoutMs, upstreamTimeoutMs, tls } = config;
  const unreachable = (id: Extract<FromWorker, { kind: 'unreachable' }>['id'], replicaId: string) => outbox.add({ kind: 'unreachable', id, replicaId });
  const calls = new Calls(share.directory, activator, share.log, clock, unreachable, maxWaiting);
  const sockets = new NodeSockets(tls && tlsServerOf(tls));
  const primary = relayTarget({ connect: connectInTurn((limitMs) => sockets.connectPath(socketPath, limitMs), clock) });
  port = ownPort;
  server = new GatewayServer({
    sockets,
    room: connectionRoom((text) => console.warn(`a data-plane worker: ${text}`)),
    functionNamespace,
    readTimeoutMs,
    callHandler: new CallHandler({ calls, upstreams: new Upstreams(sockets), clock, functionNamespace, writeTimeoutMs, upstreamTimeoutMs }),
    others: (exchange) => void relay(exchange, primary, peerHeaders(exchange.peer)),
  });
  let reports = 0;
  setInterval(() => share.report(reports++ % REPORTS_PER_USAGE === 0 ? usage() : undefined), REPORT_MS);
}

async function drain(limitMs: number): Promise<void> {
  if (draining) return;
  draining = true;
  await server?.drain(limitMs);
  share.report();
  outbox.flush();
  process.send!([], () => process.exit(0));
}

async function receive(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'start':
      return start(message);
    case 'listen':
      return outbox.add({ kind: 'listening', port: await server!.listen(config.host, port, 'SHOAL_PORT') });
    case 'woken':
      return activator.settle(message.order, message.error);
    case 'drain':
      return drain(message.limitMs);
    default:
      share.receive(message);
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 };
}

function fail(error: unknown): void {
  if (!(error instanceof StartError)) throw error;
  process.send!([{ kind: 'failed', message: messageOf(error) }] satisfies FromWorker[], () => process.exit(1));
}

// A signal to the whole group, as from a terminal, is for the main process, which then says what is to be done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
// Without the main process there is nothing to do; the port has to be free for the next one.
process.on('disconnect', () => process.exit(1));
process.on('message', (messages: readonly ToWorker[]) => {
  for (const message of messages) receive(message).catch(fail);
});
