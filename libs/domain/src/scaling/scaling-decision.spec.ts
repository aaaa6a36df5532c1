import fc from 'fast-check';
import { decide, type ScalingDecision, type ScalingPast, type ScalingSample } from './scaling-decision';
import { parseScalingPolicy, type ScalingPolicy } from './scaling-policy';
import { SlidingMaximum } from './sliding-maximum';

const policyOf = (labels: Record<string, string> = {}): ScalingPolicy =>
  parseScalingPolicy(Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value])));
const sampleOf = (rest: Partial<ScalingSample>): ScalingSample => ({
  desired: 1,
  ready: rest.desired ?? 1,
  load: 0,
  concurrency: 0,
  waiting: 0,
  roomPerReplica: Infinity,
  idleMs: 0,
  ...rest,
});
/** Nothing stands in the way of a step down. */
const LONG_QUIET: ScalingPast = { neededInWindow: 0, watchedMs: Infinity, sinceUpMs: Infinity, sinceDownMs: Infinity };
const decideNow = (labels: Record<string, string>, sample: Partial<ScalingSample>, past: Partial<ScalingPast> = {}): ScalingDecision =>
  decide(policyOf(labels), sampleOf(sample), { ...LONG_QUIET, ...past });

describe('decide()', () => {
  it.each<[string, Record<string, string>, Partial<ScalingSample>, number, string]>([
    ['the example of the contract', {}, { load: 90 }, 2, 'ceil(90 / (50 × 0.9)) = 2'],
    ['exactly full', {}, { load: 45 }, 1, 'ceil(45 / (50 × 0.9)) = 1'],
    ['a hair more', {}, { load: 45.1 }, 2, 'ceil(45.1 / (50 × 0.9)) = 2'],
    ['a whole quotient that floating point would round up', { target: '0.7', 'target-proportion': '0.1' }, { load: 0.21 }, 3, 'ceil(0.21 / (0.7 × 0.1)) = 3'],
    ['far too much', {}, { load: 10_000 }, 20, 'ceil(10000 / (50 × 0.9)) = 223'],
    ['calls at a time', { type: 'capacity', target: '10' }, { load: 27 }, 3, 'ceil(27 / (10 × 0.9)) = 3'],
    ['CPU', { type: 'cpu', target: '500' }, { load: 1_200 }, 3, 'ceil(1200 / (500 × 0.9)) = 3'],
    ['waiting calls', { type: 'queue', target: '100' }, { load: 450 }, 5, 'ceil(450 / (100 × 0.9)) = 5'],
    ['room, when few slow calls fill every replica', {}, { load: 2, concurrency: 50, roomPerReplica: 16 }, 4, 'ceil(50 / 16) = 4'],
    ['one of many fails because of the load', {}, { desired: 10, ready: 9, load: 900, failing: 'it ran out of memory' }, 20, 'ceil(900 / (50 × 0.9)) = 20'],
    ['fewer than the minimum, and a load for more', { min: '2' }, { load: 900 }, 20, 'ceil(900 / (50 × 0.9)) = 20'],
    ['room, when nobody measures the load', { type: 'cpu' }, { load: undefined, concurrency: 50, roomPerReplica: 16 }, 4, 'ceil(50 / 16) = 4'],
  ])('goes up at once, to what is needed: %s', (_name, labels, sample, replicas, formula) => {
    expect(decideNow(labels, sample)).toMatchObject({ replicas, formula });
  });

  it.each<[string, Record<string, string>, Partial<ScalingSample>, Partial<ScalingPast>, number, string]>([
    ['what is needed', {}, { desired: 2, load: 90 }, {}, 2, 'steady'],
    ['nothing is needed, but the minimum', { min: '3' }, { desired: 3 }, {}, 3, 'minimum'],
    ['the maximum', {}, { desired: 20, load: 5_000 }, {}, 20, 'maximum'],
    ['asleep, whatever the load', {}, { desired: 0, load: 500 }, {}, 0, 'asleep'],
    ['minimum and maximum are one', { min: '4', max: '4' }, { desired: 4, load: 500 }, {}, 4, 'fixed'],
    ['alerts decide', { type: 'alert' }, { desired: 3, load: 500 }, {}, 3, 'alert'],
    ['nobody measures', { type: 'cpu' }, { desired: 3, load: undefined }, {}, 3, 'unmeasured'],
    ['those that were added are still starting', { 'warm-up': '5s' }, { desired: 3, ready: 1, load: 500 }, { sinceUpMs: 1_000 }, 3, 'warm-up'],
    ['those that were added do not start', {}, { desired: 3, ready: 1, load: 500, failing: 'No such image' }, {}, 3, 'failing'],
    ['nobody measures any more, and there is room', { type: 'cpu' }, { desired: 10, load: undefined, concurrency: 10, roomPerReplica: 16 }, {}, 10, 'unmeasured'],
    ['it has just been woken, by a call that is not measured yet', { zero: 'true' }, { idleMs: 9e9 }, { sinceUpMs: 899_999 }, 1, 'minimum'],
    ['it is being updated', {}, { desired: 3, load: 500, updating: true }, {}, 3, 'updating'],
    ['it is being updated, also when it could sleep', { zero: 'true' }, { idleMs: 9e9, updating: true }, {}, 1, 'updating'],
    ['more were needed a moment ago', {}, { desired: 4, load: 45 }, { neededInWindow: 4 }, 4, 'stable-window'],
    ['the last step down is too recent', {}, { desired: 4, load: 45 }, { sinceDownMs: 29_999 }, 4, 'stable-window'],
    ['the last step up is too recent', {}, { desired: 4, load: 45 }, { sinceUpMs: 29_999 }, 4, 'stable-window'],
    ['it has not been watched for long', {}, { desired: 4, load: 45 }, { watchedMs: 29_999 }, 4, 'stable-window'],
  ])('stays: %s', (_name, labels, sample, past, replicas, reason) => {
    expect(decideNow(labels, sample, past)).toMatchObject({ replicas, reason });
  });

  it.each<[string, Record<string, string>, Partial<ScalingSample>, Partial<ScalingPast>, number]>([
    ['by half at most', {}, { desired: 20 }, {}, 10],
    ['by half at most, rounded in favour of the calls', {}, { desired: 5 }, {}, 3],
    ['by one at least', {}, { desired: 2 }, {}, 1],
    ['by as little as the label says', { 'down.step': '0.1' }, { desired: 20 }, {}, 18],
    ['at once, where the label says so', { 'down.step': '1', 'down.window': '0s' }, { desired: 20 }, { neededInWindow: 0 }, 1],
    ['not below what the load needs', {}, { desired: 20, load: 45 * 15 }, {}, 15],
    ['not below what the window needed', {}, { desired: 20, load: 45 }, { neededInWindow: 17 }, 17],
    ['not below the minimum', { min: '12' }, { desired: 20 }, {}, 12],
  ])('goes down %s', (_name, labels, sample, past, replicas) => {
    expect(decideNow(labels, sample, past).replicas).toBe(replicas);
  });

  it.each<[string, Record<string, string>, Partial<ScalingSample>, number]>([
    ['idle for long enough', { zero: 'true' }, { desired: 3, idleMs: 900_000 }, 0],
    ['not yet', { zero: 'true' }, { idleMs: 899_999 }, 1],
    ['not asked for', {}, { idleMs: 9e9 }, 1],
    ['a call that runs for longer than that', { zero: 'true' }, { idleMs: 9e9, concurrency: 1 }, 1],
    ['although its minimum is more', { zero: 'true', min: '2' }, { desired: 2, idleMs: 900_000 }, 0],
    ['although alerts drive it', { zero: 'true', type: 'alert' }, { idleMs: 900_000 }, 0],
    ['although nobody measures its load', { zero: 'true', type: 'cpu' }, { idleMs: 900_000, load: undefined }, 0],
  ])('sends to sleep what may sleep: %s', (_name, labels, sample, replicas) => {
    expect(decideNow(labels, sample).replicas).toBe(replicas);
  });

  it.each([
    [{}, { load: 90 }, '90 calls a second need 2 replicas at 45 each'],
    [{}, { load: 9_000 }, '9000 calls a second need 200 replicas at 45 each, but 20 is its maximum'],
    [{}, { desired: 3, ready: 1, load: 500, failing: 'No such image: x' }, '500 calls a second need 12 replicas at 45 each, but of the 3 it has, 2 do not start: No such image: x'],
    [{}, { desired: 20 }, '0 calls a second need 0 replicas at 45 each; no more have been needed for 30s, and the rest go in steps'],
    [{ zero: 'true' }, { idleMs: 901_000 }, 'nobody has called for 15m1s, and it goes to sleep after 15m'],
  ])('says why in one sentence: %j, %j', (labels, sample, because) => {
    const atMaximum = 'load' in sample && sample.load === 9_000 ? { desired: 20 } : {};
    expect(decideNow(labels, { ...sample, ...atMaximum }).because).toBe(because);
  });

  describe('whatever comes', () => {
    const policies = fc
      .record({
        type: fc.constantFrom('rps', 'capacity', 'cpu', 'queue'),
        bounds: fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 100 })),
        target: fc.double({ min: 0.5, max: 1_000, noNaN: true }),
        downStep: fc.double({ min: 0.01, max: 1, noNaN: true }),
        zero: fc.boolean(),
      })
      .map(({ type, bounds: [min, more], target, downStep, zero }): ScalingPolicy => ({ ...policyOf(), type: type, min, max: Math.max(min, more), target, downStep, zero }));
    const samples = fc.record({
      desired: fc.integer({ min: 0, max: 120 }),
      load: fc.double({ min: 0, max: 1e6, noNaN: true }),
      concurrency: fc.double({ min: 0, max: 5_000, noNaN: true }),
      roomPerReplica: fc.constantFrom(1, 16, 1_000, Infinity),
      idleMs: fc.integer({ min: 0, max: 2_000_000 }),
      failing: fc.constantFrom(undefined, 'it does not start'),
    });
    const pasts = fc.record({
      neededInWindow: fc.integer({ min: 0, max: 100 }),
      watchedMs: fc.integer({ min: 0, max: 60_000 }),
      sinceUpMs: fc.integer({ min: 0, max: 60_000 }),
      sinceDownMs: fc.integer({ min: 0, max: 60_000 }),
    });

    it('stays within minimum and maximum, or asleep', () => {
      fc.assert(
        fc.property(policies, samples, pasts, (policy, sample, past) => {
          const { replicas } = decide(policy, sampleOf(sample), past);
          if (replicas === 0) expect(sample.desired === 0 || policy.zero).toBe(true);
          else expect(replicas >= Math.max(1, policy.min) && replicas <= policy.max).toBe(true);
        }),
      );
    });

    it('never answers more load with fewer replicas', () => {
      fc.assert(
        fc.property(policies, samples, pasts, fc.double({ min: 0, max: 1e6, noNaN: true }), (policy, sample, past, more) => {
          const less = decide(policy, sampleOf(sample), past).replicas;
          expect(decide(policy, sampleOf({ ...sample, load: sample.load + more }), past).replicas).toBeGreaterThanOrEqual(less);
        }),
      );
    });

    it('never goes below what the load needs, nor by more than a step', () => {
      fc.assert(
        fc.property(policies, samples, pasts, (policy, sample, past) => {
          const { replicas, needed } = decide(policy, sampleOf(sample), past);
          if (replicas === 0 || replicas >= sample.desired) return;
          expect(replicas).toBeGreaterThanOrEqual(needed);
          if (sample.desired <= policy.max) expect(sample.desired - replicas).toBeLessThanOrEqual(Math.max(1, sample.desired * policy.downStep));
        }),
      );
    });
  });

  describe('over time', () => {
    /** Replicas second by second under a load; those that are added are ready at once. */
    function play(policy: ScalingPolicy, seconds: number, loadAt: (second: number) => number): number[] {
      const needed = new SlidingMaximum();
      let [desired, upMs, downMs] = [1, -Infinity, -Infinity];
      return Array.from({ length: seconds }, (_, second) => {
        const nowMs = second * 1_000;
        const decision = decide(policy, sampleOf({ desired, load: loadAt(second) }), {
          neededInWindow: needed.since(nowMs - policy.downWindowMs),
          watchedMs: nowMs,
          sinceUpMs: nowMs - upMs,
          sinceDownMs: nowMs - downMs,
        });
        needed.add(nowMs, decision.needed);
        if (decision.replicas > desired) upMs = nowMs;
        if (decision.replicas < desired) downMs = nowMs;
        return (desired = decision.replicas);
      });
    }
    const reversals = (counts: number[]) => {
      const steps = counts.slice(1).map((count, index) => Math.sign(count - counts[index]!)).filter(Boolean);
      return steps.slice(1).filter((step, index) => step !== steps[index]).length;
    };

    it('comes to rest under a constant load, at what that needs', () => {
      fc.assert(
        fc.property(fc.double({ min: 0, max: 900, noNaN: true }), (load) => {
          const counts = play(policyOf(), 400, () => load);
          expect(new Set(counts.slice(-200))).toEqual(new Set([Math.min(20, Math.max(1, Math.ceil(load / 45 - 1e-9)))]));
        }),
        { numRuns: 30 },
      );
    });

    it('does not follow a square wave that is quicker than its window', () => {
      const counts = play(policyOf(), 600, (second) => (Math.floor(second / 10) % 2 === 0 ? 450 : 0));
      expect(reversals(counts)).toBe(0);
      expect(new Set(counts.slice(30))).toEqual(new Set([10]));
    });

    it('reverses no more often than a square wave that is slower', () => {
      fc.assert(
        fc.property(fc.integer({ min: 40, max: 120 }), fc.integer({ min: 1, max: 20 }), (halfPeriod, peak) => {
          const seconds = 1_200;
          const counts = play(policyOf(), seconds, (second) => (Math.floor(second / halfPeriod) % 2 === 0 ? peak * 45 : 0));
          expect(reversals(counts)).toBeLessThanOrEqual(Math.ceil(seconds / halfPeriod));
        }),
        { numRuns: 30 },
      );
    });

    it('comes down in halves, one a window', () => {
      const counts = play(policyOf(), 300, (second) => (second < 10 ? 720 : 0));
      expect([...new Set(counts)]).toEqual([16, 8, 4, 2, 1]);
      expect(counts.lastIndexOf(8) - counts.indexOf(8)).toBe(29);
    });
  });
});
