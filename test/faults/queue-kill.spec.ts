import { Agent, request } from 'node:http';
import { describeWithPrograms } from '../describe-with';
import { ask } from '../e2e/ask';
import { AsyncFunction } from '../e2e/async-function';
import { GatewayProcess } from '../e2e/gateway-process';
import { NatsProcess } from '../nats-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { Random } from './random';

const ROUNDS = howMany({ short: 1, long: 20 });
const CALLS = howMany({ short: 1_000, long: 5_000 });
const SENDERS = 16;
/** The last calls of a round have ended by then. */
const END_MS = 60_000;
const ENDED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);
/** A call may run twice that was under way at a kill: so many may be under way in each process that runs them. */
const CONCURRENCY = 50;
/** Claims of the dead are given to others after this. */
const ACK_WAIT = '10s';

jest.setTimeout(120_000 + ROUNDS * 90_000);

interface Queue {
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

interface Killing {
  readonly title: string;
  /** The queue. */
  readonly where: string;
  /** How many processes run calls: 1 by default. */
  readonly workers?: number;
  setUp(): Promise<{
    readonly gateway: GatewayProcess;
    /** Kills with SIGKILL, and starts what was killed again. */
    kill(): Promise<void>;
    stop(): Promise<void>;
  }>;
}

/** Sends one call; resolves with its id, or with `undefined` when it was not accepted. */
function send(gateway: GatewayProcess, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    let port: number;
    try {
      port = gateway.port;
    } catch {
      return void setTimeout(() => resolve(undefined), 20); // It is not up again yet.
    }
    const req = request({ host: '127.0.0.1', port, method: 'POST', path: '/async-function/fn?ms=3', agent, headers: { 'Content-Length': '100' }, timeout: 10_000 }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode === 202 ? (res.headers['x-call-id'] as string) : undefined)).on('error', () => resolve(undefined));
    });
    req.on('error', () => setTimeout(() => resolve(undefined), 20)).on('timeout', () => req.destroy());
    req.end('x'.repeat(100));
  });
}

async function stateOf(gateway: GatewayProcess, id: string): Promise<string> {
  const { status, text } = await ask(gateway.url, 'GET', `/async-function/calls/${id}`).catch((error: Error) => ({ status: 0, text: error.message }));
  return status === 200 ? (JSON.parse(text) as { state: string }).state : `unknown (${status})`;
}

function describeKilling({ title, where, workers = 1, setUp }: Killing): void {
  it(`no accepted call is lost when ${title} is killed at random moments`, async () => {
    const { gateway, kill, stop } = await setUp();
    try {
      const fn = await AsyncFunction.deploy(gateway, 'fn', { annotations: { 'com.openfaas.async.concurrency': String(CONCURRENCY), 'com.openfaas.retry.min_wait': '50ms' } });
      const random = new Random(faultSeed);
      let [refusedInAll, twiceInAll] = [0, 0];
      const begunBefore = new Set<string>();
      for (let round = 1; round <= ROUNDS; round++) {
        const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
        const accepted: string[] = [];
        let refused = 0;
        const killAt = Math.floor(CALLS * (0.1 + 0.8 * random.next()));
        let killed: Promise<void> | undefined;
        await Promise.all(
          Array.from({ length: SENDERS }, async () => {
            while (accepted.length < CALLS) {
              const id = await send(gateway, agent);
              if (id === undefined) refused++;
              else accepted.push(id);
              if (accepted.length >= killAt) killed ??= kill();
            }
          }),
        );
        await killed;
        agent.destroy();
        const states = new Map<string, number>();
        for (const id of accepted) {
          let state = await stateOf(gateway, id);
          for (const deadline = Date.now() + END_MS; !ENDED.has(state) && Date.now() < deadline; ) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            state = await stateOf(gateway, id);
          }
          states.set(state, (states.get(state) ?? 0) + 1);
        }
        const ours = new Set(accepted);
        const times = new Map<string, number>();
        for (const id of fn.begun()) if (!begunBefore.has(id)) times.set(id, (times.get(id) ?? 0) + 1);
        for (const id of times.keys()) begunBefore.add(id);
        const twice = [...times].filter(([id, count]) => ours.has(id) && count > 1);
        refusedInAll += refused;
        twiceInAll += twice.length;
        expect(Object.fromEntries(states)).toEqual({ succeeded: accepted.length });
        expect(accepted.every((id) => times.has(id))).toBe(true);
        expect(twice.length).toBeLessThanOrEqual(CONCURRENCY * workers);
        // Who sees a call for the second time is told so.
        for (const [id] of twice) expect(Math.max(...fn.repeatsOf(id))).toBeGreaterThan(0);
      }
      faultRow({ area: 'processes', done: `kill -9 of ${title} while asynchronous calls come in and run; the queue is ${where}`, times: `${ROUNDS} rounds of ${CALLS} calls`, lost: 'nothing', seen: `${refusedInAll} not accepted (sent again by the caller), ${twiceInAll} ran twice and were told so` });
    } finally {
      await stop();
    }
  });
}

const inDirectory = async (): Promise<Queue> => ({ env: {}, stop: async () => undefined });
const inJetStream = async () => {
  const nats = await NatsProcess.start();
  return { nats, env: { faas_nats_address: '127.0.0.1', faas_nats_port: String(nats.port), ack_wait: ACK_WAIT }, stop: () => nats.dispose() };
};

/** The gateway dies, and with it the workers and functions that it has. */
async function gatewayDies(startQueue: () => Promise<Queue>) {
  const queue = await startQueue();
  const gateway = await GatewayProcess.start(queue.env);
  return {
    gateway,
    kill: async () => {
      await gateway.stop('SIGKILL');
      await gateway.startAgain();
    },
    stop: async () => {
      await gateway.dispose();
      await queue.stop();
    },
  };
}

describe('a queue in the data directory', () => {
  describeKilling({ title: 'the gateway', where: 'in the data directory', setUp: () => gatewayDies(inDirectory) });
});

describeWithPrograms('a queue in JetStream', ['nats-server'], 'nats-server', () => {
  describeKilling({ title: 'the gateway', where: 'in JetStream', setUp: () => gatewayDies(inJetStream) });

  describeKilling({
    title: 'nats-server',
    where: 'in JetStream',
    setUp: async () => {
      const { nats, env, stop } = await inJetStream();
      const gateway = await GatewayProcess.start(env);
      return {
        gateway,
        kill: async () => {
          await nats.kill();
          await nats.again();
        },
        stop: async () => {
          await gateway.dispose();
          await stop();
        },
      };
    },
  });

  describeKilling({
    title: 'a worker of two',
    workers: 2,
    where: 'in JetStream',
    setUp: async () => {
      const { env, stop } = await inJetStream();
      const gateway = await GatewayProcess.start({ ...env, SHOAL_ROLE: 'gateway' });
      const workerEnv = { ...env, SHOAL_ROLE: 'worker', faas_gateway_address: '127.0.0.1', faas_gateway_port: String(gateway.port) };
      const workers = [await GatewayProcess.start(workerEnv), await GatewayProcess.start(workerEnv)];
      return {
        gateway,
        kill: async () => {
          await workers[0]!.stop('SIGKILL');
          await workers[0]!.startAgain();
        },
        stop: async () => {
          for (const worker of workers) await worker.dispose();
          await gateway.dispose();
          await stop();
        },
      };
    },
  });
});
