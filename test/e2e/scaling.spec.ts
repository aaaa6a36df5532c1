import { ask } from './ask';
import { GatewayProcess } from './gateway-process';

interface Story {
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly now?: { readonly because: string; readonly reason: string; readonly load?: number };
  readonly changes: readonly { readonly at: string; readonly from: number; readonly to: number; readonly because: string; readonly formula: string; readonly reason: string }[];
}

const scale = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));

describe('scaling', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => (gateway = await GatewayProcess.start()));
  afterAll(() => gateway.dispose());

  const read = async (path: string): Promise<unknown> => JSON.parse((await ask(gateway.url, 'GET', path)).text);
  const state = async (name: string) => (await read(`/system/function/${name}`)) as { replicas: number; availableReplicas: number };
  const story = async (name: string) => (await read(`/system/function/${name}/scaling`)) as Story;
  const alert = (name: string, status: string) =>
    ask(gateway.url, 'POST', '/system/alert', { body: { alerts: [{ status, labels: { function_name: `${name}.openfaas-fn`, alertname: 'any' } }] } });

  /** So many callers at a time, each calling again at once. Resolves with the statuses of all calls once `stop` was called. */
  function callers(count: number, name: string) {
    let going = true;
    const statuses = new Map<number, number>();
    const all = Promise.all(
      Array.from({ length: count }, async () => {
        while (going) {
          const { status } = await fetch(`${gateway.url}/function/${name}`);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }),
    );
    return async () => {
      going = false;
      await all;
      return Object.fromEntries(statuses);
    };
  }

  it('answers an overload within seconds, goes back gently, loses no call, and explains each step', async () => {
    await gateway.deploy('slow', { envProcess: 'sleep 0.1', labels: scale({ type: 'capacity', target: '5', 'target-proportion': '1', max: '8', 'down.window': '2s' }) });
    const startedMs = Date.now();
    const stop = callers(20, 'slow');
    await gateway.until(async () => (await state('slow')).replicas >= 4, 5_000);
    expect(Date.now() - startedMs).toBeLessThan(3_500);
    await gateway.until(async () => (await state('slow')).availableReplicas >= 4);
    expect(Object.keys(await stop())).toEqual(['200']);
    // One caller goes on while they go.
    const stopLast = callers(1, 'slow');
    await gateway.until(async () => (await state('slow')).replicas === 1);
    expect(Object.keys(await stopLast())).toEqual(['200']);

    await gateway.until(async () => (await story('slow')).now!.reason !== 'load');
    const { policy, now, changes } = await story('slow');
    expect(policy).toMatchObject({ type: 'capacity', target: 5, max: 8 });
    expect(now!.because).toMatch(/^[\d.]+ calls at a time need [01] replicas? at 5 each, and it has 1 replica$/);
    const up = changes.filter(({ from, to }) => to > from);
    const down = changes.filter(({ from, to }) => to < from);
    expect(up.length).toBeGreaterThan(0);
    expect(up[0]!.formula).toMatch(/^ceil\([\d.]+ \/ \(5 × 1\)\) = \d$/);
    for (const { from, to } of down) expect(to).toBeGreaterThanOrEqual(Math.ceil(from / 2));
    expect(changes.at(-1)!.from).toBe(1);
    expect(gateway.output).toMatch(/^scaling slow\.openfaas-fn from 1 to \d: [\d.]+ calls at a time need \d replicas at 5 each$/m);
  });

  it('starts more for calls that find no room, although they are few', async () => {
    await gateway.deploy('narrow', { envProcess: 'sleep 2', envVars: { max_inflight: '1' } });
    const calls = Array.from({ length: 6 }, () => fetch(`${gateway.url}/function/narrow`).then(({ status }) => status));
    await gateway.until(async () => (await state('narrow')).replicas >= 5, 5_000);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    expect((await story('narrow')).changes.at(-1)).toMatchObject({ reason: 'room', because: expect.stringMatching(/calls at a time need \d replicas with room for 1 each/) });
  });

  it('sends a function to sleep that nobody ever called, and wakes it once for a hundred callers', async () => {
    // One replica, however long a hundred calls wait for it.
    await gateway.deploy('sleepy', { envProcess: 'cat', labels: scale({ zero: 'true', 'zero-duration': '1s', max: '1' }) });
    await gateway.until(async () => (await state('sleepy')).replicas === 0);
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => (await fetch(`${gateway.url}/function/sleepy`, { method: 'POST', body: `n${i}` })).text()),
    );
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `n${i}`));
    await gateway.until(async () => (await state('sleepy')).replicas === 0);
    // Once for all.
    expect((await story('sleepy')).changes).toMatchObject([
      { from: 1, to: 0, reason: 'idle' },
      { from: 0, to: 1, reason: 'woken' },
      { from: 1, to: 0, reason: 'idle', because: expect.stringMatching(/^nobody has called for [\d.]+s, and it goes to sleep after 1s$/) },
    ]);
  });

  it('scales by alerts, in steps, and back when they have ended', async () => {
    await gateway.deploy('alerted', { envProcess: 'cat' });
    const seen: number[] = [];
    for (const status of ['firing', 'firing', 'resolved']) {
      expect((await alert('alerted', status)).status).toBe(200);
      seen.push((await state('alerted')).replicas);
    }
    expect(seen).toEqual([5, 9, 1]);
    expect((await alert('nobody', 'firing')).status).toBe(200);
    await gateway.deploy('deaf', { envProcess: 'cat', labels: scale({ type: 'rps' }) });
    await alert('deaf', 'firing');
    expect((await state('deaf')).replicas).toBe(1);
  });

  it('wants to be measured by somebody', async () => {
    const answer = await ask(gateway.url, 'POST', '/system/functions', { body: { service: 'x', image: 'x', envProcess: 'cat', labels: scale({ type: 'cpu' }) } });
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(/scale\.type: nobody measures cpu here; rps, capacity, queue, alert can be had/)]);
  });

  it('has nothing to tell of a function that is not there', async () => {
    expect((await ask(gateway.url, 'GET', '/system/function/nobody/scaling')).status).toBe(404);
  });

  it('shows desired, ready, load and target to Prometheus', async () => {
    await gateway.deploy('shown', { envProcess: 'cat', labels: scale({ min: '2' }) });
    await gateway.until(async () => (await story('shown')).now !== undefined);
    const metrics = await (await fetch(gateway.metricsUrl)).text();
    for (const line of [
      'gateway_service_count{function_name="shown.openfaas-fn"} 2',
      'gateway_service_ready_count{function_name="shown.openfaas-fn"} 2',
      'gateway_service_min{function_name="shown.openfaas-fn"} 2',
      'gateway_service_target{function_name="shown.openfaas-fn"} 50',
      'gateway_service_target_load{function_name="shown.openfaas-fn"} 0',
      'gateway_function_invocation_inflight{function_name="shown.openfaas-fn"} 0',
      'shoal_function_waiting_calls{function_name="shown.openfaas-fn"} 0',
    ]) {
      expect(metrics).toContain(line);
    }
    expect(metrics).toMatch(/shoal_function_last_call_timestamp_seconds\{function_name="shown.openfaas-fn"\} \d{10}/);
  });
});
