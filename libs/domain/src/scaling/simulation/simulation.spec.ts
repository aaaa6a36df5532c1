import { MAX_WAITING_CALLS } from '../../invocation/calls';
import { generateTrace, type LoadTrace } from './load-trace';
import { simulate, type SimulationOptions } from './simulation';

const constant = (rate: number, seconds: number): LoadTrace => ({ name: 'constant', callsPerSecond: new Array<number>(seconds).fill(rate) });
const scale = (labels: Record<string, string>) => Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));
const optionsOf = (rest: Partial<SimulationOptions>): SimulationOptions => ({
  trace: constant(10, 60),
  functions: 1,
  labels: {},
  replica: { startUpMs: 500, startUpJitter: 0.2, room: 16 },
  service: { meanMs: 100, distribution: 'fixed' },
  patienceMs: 60_000,
  tickMs: 1_000,
  seed: 1,
  ...rest,
});

describe('simulate()', () => {
  it('is the same for the same seed, and not for another', async () => {
    const options = optionsOf({ trace: generateTrace('square', { peak: 200, base: 10, periodSeconds: 60, durationSeconds: 120 }), functions: 3 });
    const first = await simulate(options);
    expect(await simulate(options)).toEqual(first);
    expect((await simulate({ ...options, seed: 2 })).calls).not.toBe(first.calls);
  });

  it('lets the same calls come, whatever the policy', async () => {
    const trace = generateTrace('ramp', { peak: 100, base: 1, periodSeconds: 60, durationSeconds: 60 });
    const [one, other] = await Promise.all([simulate(optionsOf({ trace })), simulate(optionsOf({ trace, labels: scale({ target: '5', max: '50' }) }))]);
    expect(other.replicas.max).toBeGreaterThan(one.replicas.max);
    expect(other.seconds.map(({ calls }) => calls)).toEqual(one.seconds.map(({ calls }) => calls));
  });

  it('lets nobody wait under a load for which there is room, and changes nothing', async () => {
    const result = await simulate(optionsOf({}));
    expect(result.calls).toBeGreaterThan(500);
    expect(result).toMatchObject({
      replicas: { min: 1, mean: 1, max: 1, end: 1 },
      refused: 0,
      timedOut: 0,
      waitingMs: { mean: 0, p50: 0, p99: 0, max: 0 },
      latencyMs: { max: expect.closeTo(100) },
      reversals: 0,
      replicaSeconds: 60,
      leastReplicaSeconds: 60,
      tickCpuMs: undefined,
    });
  });

  it('goes up with the load within 3 s, and comes down when it is over', async () => {
    const callsPerSecond = [...constant(10, 60).callsPerSecond, ...constant(360, 60).callsPerSecond, ...constant(10, 180).callsPerSecond];
    const { seconds, replicas, reversals, refused } = await simulate(optionsOf({ trace: { name: 'step', callsPerSecond } }));
    expect(seconds[59]!.desired).toBe(1);
    expect(seconds[63]!.ready).toBeGreaterThanOrEqual(8);
    expect(seconds[119]!.desired).toBeGreaterThanOrEqual(8);
    expect(replicas.end).toBe(1);
    expect(reversals).toBe(1);
    expect(refused).toBe(0);
  });

  it('asks for no more because of a queue that is gone within a second', async () => {
    const labels = scale({ type: 'capacity', target: '1', max: '100' });
    const trace = generateTrace('square', { peak: 1_800, base: 80, periodSeconds: 60, durationSeconds: 60 });
    const service = { meanMs: 5, distribution: 'exponential' as const };
    const { replicas, waitingMs } = await simulate(optionsOf({ trace, labels, service, replica: { startUpMs: 700, startUpJitter: 0.2, room: 2 } }));
    expect(waitingMs.max).toBeGreaterThan(500);
    // 1,800 calls of 5 ms a second are 9 at a time: 10 replicas at 0.9 each, and what chance adds.
    expect(replicas.max).toBeGreaterThanOrEqual(10);
    expect(replicas.max).toBeLessThanOrEqual(15);
  });

  it('queues like M/M/1: half of the replica in use means a wait as long as a call, on average', async () => {
    const seconds = 4_000;
    const { latencyMs } = await simulate(
      optionsOf({ trace: constant(5, seconds), labels: scale({ max: '1' }), replica: { startUpMs: 0, startUpJitter: 0, room: 1 }, service: { meanMs: 100, distribution: 'exponential' } }),
    );
    // The time in the system is exponential with twice the mean of a call.
    expect(Math.abs(latencyMs.p50 / (200 * Math.LN2) - 1)).toBeLessThan(0.06);
    expect(Math.abs(latencyMs.p99 / (200 * Math.log(100)) - 1)).toBeLessThan(0.12);
  });

  it('sends a function to sleep, and wakes it with the first call, which waits for the start', async () => {
    const callsPerSecond = [...constant(5, 5).callsPerSecond, ...constant(0, 60).callsPerSecond, ...constant(5, 5).callsPerSecond];
    const labels = scale({ zero: 'true', 'zero-duration': '20s' });
    const result = await simulate(optionsOf({ trace: { name: 'pause', callsPerSecond }, labels, replica: { startUpMs: 3_000, startUpJitter: 0, room: 16 } }));
    expect(result.replicas).toMatchObject({ min: 0, max: 1, end: 1 });
    expect(result.waitingMs.max).toBeCloseTo(3_000, -1);
    expect(result).toMatchObject({ refused: 0, timedOut: 0, reversals: 1 });
    expect(result.replicaSeconds).toBeLessThan(40);
  });

  it('refuses the call after as many as may wait, and gives up on those who wait too long', async () => {
    const labels = scale({ max: '1' });
    const replica = { startUpMs: 0, startUpJitter: 0, room: 1 };
    const result = await simulate(optionsOf({ trace: constant(2_000, 2), labels, replica, service: { meanMs: 1_000, distribution: 'fixed' }, patienceMs: 10_000 }));
    expect(Math.max(...result.seconds.map(({ waiting }) => waiting))).toBe(MAX_WAITING_CALLS);
    const served = result.calls - result.refused - result.timedOut;
    expect(served).toBeGreaterThanOrEqual(11);
    expect(served).toBeLessThanOrEqual(13);
    expect(result.refused).toBeGreaterThan(2_500);
    expect(result.waitingMs.max).toBeLessThanOrEqual(10_000);
  });

  it('gives each function its own load, at its own time', async () => {
    const trace = generateTrace('spike', { peak: 50, base: 0, periodSeconds: 100, durationSeconds: 100 });
    const [one, many] = await Promise.all([simulate(optionsOf({ trace })), simulate(optionsOf({ trace, functions: 50 }))]);
    expect(Math.abs(many.calls / (50 * one.calls) - 1)).toBeLessThan(0.1);
    expect(one.seconds.filter(({ calls }) => calls > 0).length).toBeLessThanOrEqual(10);
    expect(many.seconds.every(({ calls }) => calls > 0)).toBe(true);
    expect(many.leastReplicaSeconds).toBe(50 * one.leastReplicaSeconds);
  });

  it('measures the ticks with the clock that it is given, and tells of each second', async () => {
    let now = 0;
    const passed: number[] = [];
    const { tickCpuMs } = await simulate(optionsOf({ trace: constant(1, 5), cpuMs: () => (now += 7), passed: (second) => passed.push(second) }));
    expect(tickCpuMs!.max).toBe(7);
    expect(passed).toEqual([1, 2, 3, 4, 5]);
  });

  it('waits between ticks, and ends when that rejects', async () => {
    let ticks = 0;
    const betweenTicks = async () => {
      if (++ticks > 3) throw new Error('enough');
    };
    await expect(simulate(optionsOf({ trace: constant(1, 100), betweenTicks }))).rejects.toThrow('enough');
    expect(ticks).toBe(4);
  });

  it.each<[string, Partial<SimulationOptions>]>([
    ['labels that no deployment could have', { labels: scale({ min: 'x' }) }],
    ['CPU, which it does not know', { labels: scale({ type: 'cpu' }) }],
    ['alerts, which nobody sends', { labels: scale({ type: 'alert' }) }],
    ['no function', { functions: 0 }],
    ['half a function', { functions: 1.5 }],
    ['too many ticks', { tickMs: 99 }],
    ['a replica without room', { replica: { startUpMs: 0, startUpJitter: 0, room: 0 } }],
    ['a start before the order', { replica: { startUpMs: 1, startUpJitter: 1.1, room: 1 } }],
    ['calls that take no time', { service: { meanMs: 0, distribution: 'fixed' } }],
    ['callers without patience', { patienceMs: 0 }],
  ])('rejects %s', async (_name, wrong) => {
    await expect(simulate(optionsOf(wrong))).rejects.toMatchObject({ code: 'invalid-request' });
  });
});
