import { describeWithPrograms } from '../describe-with';
import { AsyncFunction } from '../e2e/async-function';
import { GatewayProcess } from '../e2e/gateway-process';
import { NatsProcess } from '../nats-process';
import { ClockFile } from './clock-file';
import { faultRow, howMany } from './fault-table';
import { get, send, stateOf } from './filled-gateway';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ROUNDS = howMany({ short: 0, long: 3 });
/** The long form makes all, which lead back to where they began. */
const stepsOf = (few: readonly number[]): readonly number[] => (ROUNDS === 0 ? few : Array.from({ length: ROUNDS }, () => [-HOUR_MS, HOUR_MS, DAY_MS, -DAY_MS]).flat());
/** What the queue is in, and the steps of its clock. */
const QUEUES = [
  { queue: 'LMDB', programs: [], steps: stepsOf([-HOUR_MS, DAY_MS]) },
  { queue: 'NATS', programs: ['nats-server'], steps: stepsOf([-HOUR_MS]) },
];
/** For what takes seconds whatever the clock shows; a busy machine may be slow. */
const SOON_MS = 40_000;
/** Of each second's schedule: so many runs are seen after a step, and within their time no more than one a second. */
const RUNS = 2;
/** More than one call of it may be accepted while others are looked at. */
const SPARE_RUNS = 3;

const TRACE = /^\s+at .+:\d+:\d+\)?$|unhandled|uncaught|TypeError/im;

jest.setTimeout(180_000);

const nameOf = (ms: number) => `${ms < 0 ? 'back' : 'forward'} by ${Math.abs(ms) === HOUR_MS ? 'an hour' : 'a day'}`;

for (const { queue, programs, steps } of QUEUES) describeWithPrograms(`a wall clock that is set while the gateway runs, with its queue in ${queue}`, programs, programs.join(' '), () => {
  const clock = new ClockFile();
  let nats: NatsProcess | undefined;
  let gateway: GatewayProcess;
  let ticking: AsyncFunction;
  let session: Record<string, string>;
  let once: string;
  let done: string;

  beforeAll(async () => {
    nats = queue === 'NATS' ? await NatsProcess.start() : undefined;
    const address = nats ? { faas_nats_address: '127.0.0.1', faas_nats_port: String(nats.port) } : {};
    gateway = await GatewayProcess.start({ basic_auth: 'true', SHOAL_ASYNC_KEEP: '500h', SHOAL_ASYNC_KEEP_DEAD: '500h', ...clock.env, ...address });
    const retry = { 'com.openfaas.retry.attempts': '1', 'com.openfaas.retry.deadline': '500h' };
    await AsyncFunction.deploy(gateway, 'fn', { annotations: retry });
    ticking = await AsyncFunction.deploy(gateway, 'ticking', { annotations: { schedule: '* * * * * *' } });
    await gateway.deploy('idle', { envProcess: 'cat', labels: { 'com.openfaas.scale.zero': 'true', 'com.openfaas.scale.zero-duration': '30m' } });
    await gateway.deploy('slow', { envProcess: 'sleep 10' });
    await gateway.deploy('endless', { envProcess: 'sleep 600', envVars: { exec_timeout: '2s' } });
    const signedIn = await fetch(`${gateway.url}/ui/session`, { method: 'POST', body: JSON.stringify({ user: 'admin', password: gateway.password }), headers: { 'Content-Type': 'application/json' } });
    session = { Cookie: signedIn.headers.get('set-cookie')!.split(';')[0]!, 'X-Shoal-Session': ((await signedIn.json()) as { token: string }).token };
    done = (await send(gateway, 'POST', '/async-function/fn', 'x')).headers['x-call-id'] as string;
    once = (await send(gateway, 'POST', '/async-function/fn?once', 'x', { 'Idempotency-Key': 'k' })).headers['x-call-id'] as string;
    for (const id of [done, once]) await gateway.until(async () => (await stateOf(gateway, id)) === 'succeeded', SOON_MS);
  });
  afterAll(async () => {
    await gateway.stop('SIGKILL');
    await gateway.dispose();
    await nats?.dispose();
    clock.dispose();
  });

  it.each(steps.map((ms) => [nameOf(ms), ms] as const))('%s neither holds up, nor ends, nor multiplies what goes on', async (_, ms) => {
    const retried = (await send(gateway, 'POST', '/async-function/fn?fail=1&after=10', 'x')).headers['x-call-id'] as string;
    await gateway.until(async () => (await stateOf(gateway, retried)) === 'retrying', SOON_MS);
    const long = (await send(gateway, 'POST', '/async-function/fn?ms=10000', 'x')).headers['x-call-id'] as string;
    let slowEnded = false;
    const slow = send(gateway, 'POST', '/function/slow', '').finally(() => (slowEnded = true));
    const endlessSince = performance.now();
    const endless = send(gateway, 'POST', '/function/endless', '');
    await gateway.until(async () => (await stateOf(gateway, long)) === 'running', SOON_MS);

    clock.shift(ms);
    expect(slowEnded).toBe(false);
    const begunAtStep = ticking.begun().length;
    const steppedAt = performance.now();

    // Calls that run end when they would have; what is limited is ended then.
    expect((await slow).status).toBe(200);
    const cut = await endless;
    expect({ status: cut.status, text: cut.text }).toEqual({ status: 408, text: expect.stringContaining('exec_timeout') });
    expect(performance.now() - endlessSince).toBeGreaterThan(1_900);
    for (const id of [retried, long]) await gateway.until(async () => (await stateOf(gateway, id)) === 'succeeded', SOON_MS);
    expect(await get(gateway, `/async-function/calls/${retried}`)).toMatchObject({ attempts: 2 });
    expect(await get(gateway, `/async-function/calls/${long}`)).toMatchObject({ attempts: 1 });

    // One retry that begins after the step waits no longer than before.
    const after = (await send(gateway, 'POST', '/async-function/fn?fail=1&after=1', 'x')).headers['x-call-id'] as string;
    await gateway.until(async () => (await stateOf(gateway, after)) === 'succeeded', SOON_MS);

    // The schedule of each second goes on, once a second.
    await gateway.until(() => ticking.begun().length >= begunAtStep + RUNS, SOON_MS);
    const seconds = (performance.now() - steppedAt) / 1_000;
    expect(ticking.begun().length - begunAtStep).toBeLessThanOrEqual(seconds + SPARE_RUNS);

    // What is known stays so: keys, results, sessions, and that a function is not idle for as long as it was told.
    const again = await send(gateway, 'POST', '/async-function/fn?once', 'x', { 'Idempotency-Key': 'k' });
    expect(again.headers['x-call-id']).toBe(once);
    expect(await stateOf(gateway, done)).toBe('succeeded');
    expect((await fetch(`${gateway.url}/system/functions`, { headers: session })).status).toBe(200);
    expect(await get(gateway, '/system/function/idle')).toMatchObject({ replicas: 1 });
    for (const { oldestSeconds = 0 } of await get<{ oldestSeconds?: number }[]>(gateway, '/system/queue')) expect(oldestSeconds).toBeGreaterThanOrEqual(0);
    expect((await send(gateway, 'GET', '/system/function/fn/statistics')).status).toBe(200);
    expect((await send(gateway, 'GET', '/system/function/fn/scaling')).status).toBe(200);
    expect(gateway.output).not.toMatch(TRACE);
    faultRow({ area: 'processes', done: `wall clock of a gateway with its queue in ${queue} set ${nameOf(ms)} while calls run, wait to be retried and come by a schedule`, times: '1', lost: 'nothing', seen: `limits, retries and a schedule of each second went on (${ticking.begun().length - begunAtStep} runs in ${seconds.toFixed(0)} s)` });
  });
});
