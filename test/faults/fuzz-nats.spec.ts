import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { describeWithPrograms } from '../describe-with';
import { ask } from '../e2e/ask';
import { AsyncFunction } from '../e2e/async-function';
import { GatewayProcess } from '../e2e/gateway-process';
import { NatsProcess } from '../nats-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { strangeFrame, strangeHeaders } from './fuzz/frames';
import { Random } from './random';

const MESSAGES = howMany({ short: 300, long: 10_000 });
const CALLS = howMany({ short: 60, long: 1_000 });
/** Claims of messages that nobody could read lapse after this. */
const ACK_WAIT = '2s';
const SETTLED_MS = howMany({ short: 30_000, long: 120_000 });
const TRACE = /^\s+at .+:\d+:\d+\)?$|unhandled|uncaught|TypeError|RangeError|SyntaxError/im;

jest.setTimeout(2 * SETTLED_MS + 60_000 + MESSAGES * 20);

/** Where a message with this id may be put; the last ones are heard, not kept. */
function subjectFor(random: Random, id: string): string {
  return random.pick([
    `shoal.calls.openfaas-fn.fn.${id}`, `shoal.calls.openfaas-fn.fn.${id}`, `shoal.calls.openfaas-fn.fn.${id}`, `shoal.callbacks.openfaas-fn.fn.${id}`, `shoal.calls.openfaas-fn.none.${id}`, `shoal.calls.a%b.c_d.${id}`,
    `shoal.live.${id}`, `shoal.ended.${id}`, `shoal.dead.openfaas-fn.fn.${id}`, `shoal.dead.a%b.c_d.${id}`, `shoal.dead-calls.${id}`, 'shoal.meta.schedule.openfaas-fn.fn', 'shoal.meta.none',
    `shoal.changed.${id}`, 'shoal.cancelled', `shoal.ready.call.openfaas-fn.fn.${id}`, `shoal.ready.x.y.z.${id}`, 'shoal.ready.call', `shoal.ready.constructor.__proto__.a_b.c`, 'shoal.ready.callback.%.ü.1',
  ]);
}

describeWithPrograms('a queue in JetStream', ['nats-server'], 'nats-server', () => {
  let nats: NatsProcess;
  let gateway: GatewayProcess;
  let other: NatsConnection;

  beforeAll(async () => {
    nats = await NatsProcess.start();
    gateway = await GatewayProcess.start({ faas_nats_address: '127.0.0.1', faas_nats_port: String(nats.port), ack_wait: ACK_WAIT });
    other = await connect({ servers: nats.address });
  });
  afterAll(async () => {
    await other.close();
    await gateway.dispose();
    await nats.dispose();
  });

  it(`of ${MESSAGES} messages that are none of ours, none keeps a call from being run`, async () => {
    const fn = await AsyncFunction.deploy(gateway, 'fn', { annotations: { 'com.openfaas.retry.attempts': '1', 'com.openfaas.retry.min_wait': '10ms' } });
    const manager = await jetstreamManager(other);
    // A consumer that another program made there.
    await manager.consumers.add('shoal-calls', { durable_name: 'x', filter_subject: 'shoal.calls.x.y.z', ack_policy: 'explicit' });
    const accepted: string[] = [];
    const overwritten = new Set<string>();
    const random = new Random(faultSeed);
    for (let i = 0; i < MESSAGES; i++) {
      // Some have the ids of calls that are under way.
      const id = accepted.length > 0 && random.chance(0.2) ? random.pick(accepted) : `strange-${i}`;
      const subject = subjectFor(random, id);
      if (!/[.](calls|callbacks|ready)[.]/.test(subject)) overwritten.add(id);
      const made = strangeHeaders(random);
      // What is said of a call that runs is somebody else's word against ours: of those only what nobody can read.
      const frame = id.startsWith('strange') ? strangeFrame(random, id) : random.bytes(random.below(50));
      other.publish(subject, frame, made ? { headers: made } : {});
      if (i % Math.floor(MESSAGES / CALLS) === 0) {
        const { status, headers, text } = await ask(gateway.url, 'POST', '/async-function/fn', { body: 'x' });
        if (status !== 202) throw new Error(`${status} ${text}; ${gateway.output}`);
        accepted.push(headers['x-call-id'] as string);
      }
      if (i % 20 === 0) {
        for (const path of ['/system/queue', '/system/queue/dead', `/async-function/calls/${id}`]) {
          const { status, text } = await ask(gateway.url, 'GET', path);
          if (status >= 500) throw new Error(`${path}: ${status} ${text}; ${gateway.output}`);
        }
      }
    }
    await other.flush();
    const missing = () => {
      const ran = new Set(fn.ended());
      return accepted.filter((id) => !ran.has(id));
    };
    await gateway.until(() => missing().length === 0, SETTLED_MS).catch(() => undefined);
    expect(missing()).toEqual([]);
    for (const id of accepted) {
      const { status, text } = await ask(gateway.url, 'GET', `/async-function/calls/${id}?wait=10s`);
      // Where somebody has written over how it ended, nobody knows it any more.
      const state = status === 404 && overwritten.has(id) ? 'succeeded' : (JSON.parse(text) as { state?: string }).state;
      expect({ id, state }).toEqual({ id, state: 'succeeded' });
    }
    // Nothing is tried for ever.
    const left = async () => (await manager.streams.info('shoal-calls', { subjects_filter: 'shoal.calls.openfaas-fn.fn.*' })).state.subjects ?? {};
    await gateway.until(async () => Object.keys(await left()).length === 0, SETTLED_MS);
    for (const path of ['/system/queue', '/system/queue/dead', '/healthz']) expect((await ask(gateway.url, 'GET', path)).status).toBe(200);
    expect((await ask(gateway.metricsUrl, 'GET', '/metrics')).status).toBe(200);
    expect(TRACE.exec(gateway.output)).toBeNull();
    const lines = gateway.output.split('\n').filter((line) => line.includes('none of ours'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(MESSAGES);
    expect(gateway.output).not.toContain('does not work');
    faultRow({
      area: 'fuzzing',
      done: `garbage, frames cut off or of other versions, huge ones and such with hostile headers, put into all streams and subjects of a queue in JetStream (seed ${faultSeed})`,
      times: `${MESSAGES} messages among ${accepted.length} calls`,
      lost: 'nothing of ours',
      seen: `all calls succeeded; what nobody could read was removed, in ${lines.length} lines of the log`,
    });
  });
});
