import fc from 'fast-check';
import { MAX_DURATION_MS } from '../shared/duration';
import { decideByAlert } from './alert-decision';
import { decide } from './scaling-decision';
import { MAX_DOWN_WINDOW_MS, MAX_REPLICAS, parseScalingPolicy, type ScalingPolicy } from './scaling-policy';

const labels = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));

describe('parseScalingPolicy()', () => {
  it('has the defaults of the contract, and ours for what it leaves open', () => {
    expect(parseScalingPolicy({})).toEqual({
      type: 'rps',
      typeChosen: false,
      min: 1,
      max: 20,
      target: 50,
      targetProportion: 0.9,
      factorPercent: 20,
      downWindowMs: 30_000,
      downStep: 0.5,
      warmUpMs: 0,
      zero: false,
      zeroAfterMs: 900_000,
    });
  });

  it('reads every label', () => {
    const given = labels({
      type: 'capacity',
      min: '2',
      max: '10',
      target: '7.5',
      'target-proportion': '0.8',
      factor: '50',
      'down.window': '2m',
      'down.step': '0.25',
      'warm-up': '20s',
      zero: 'true',
      'zero-duration': '30s',
    });
    expect(parseScalingPolicy(given)).toEqual({
      type: 'capacity',
      typeChosen: true,
      min: 2,
      max: 10,
      target: 7.5,
      targetProportion: 0.8,
      factorPercent: 50,
      downWindowMs: 120_000,
      downStep: 0.25,
      warmUpMs: 20_000,
      zero: true,
      zeroAfterMs: 30_000,
    });
  });

  it('lets a high minimum raise the default maximum', () => {
    expect(parseScalingPolicy(labels({ min: '30' }))).toMatchObject({ min: 30, max: 30 });
  });

  it.each([
    ['type', 'memory'],
    ['min', '-1'],
    ['min', '1.5'],
    ['min', ''],
    ['max', '0'],
    ['max', '1001'],
    ['target', '0'],
    ['target', '-5'],
    ['target', '1e3'],
    ['target-proportion', '1.1'],
    ['factor', '150'],
    ['down.window', '6m'],
    ['down.window', 'long'],
    ['down.step', '0'],
    ['down.step', '2'],
    ['warm-up', '1h'],
    ['zero', 'yes'],
    ['zero-duration', 'soon'],
    ['zero-duration', '0s'],
  ])('refuses %s=%j, and names the label', (name, value) => {
    expect(() => parseScalingPolicy(labels({ [name]: value }))).toThrow(
      expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining(`labels.com.openfaas.scale.${name} `) }),
    );
  });

  it('refuses a minimum above the maximum', () => {
    expect(() => parseScalingPolicy(labels({ min: '5', max: '2' }))).toThrow('min is 5, more than');
  });

  /** Of every label that is read: what it may be, nearly so, and anything. */
  const almost = fc.oneof(
    fc.constantFrom('0', '1', '3', '1000', '1001', '0.5', '1', '-1', '1e3', '0x1', ' 2 ', '٣', 'NaN', 'Infinity', '', '15m', '0s', '1h1m', '9999999h', '.5s', 'true', 'rps', 'queue', 'alert', '__proto__'),
    fc.stringMatching(/^\d{1,8}(\.\d{0,4})?(ms|s|m|h|%)?$/),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const names = ['type', 'min', 'max', 'target', 'target-proportion', 'factor', 'down.window', 'down.step', 'warm-up', 'zero', 'zero-duration'];
  const anyLabels = fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, fc.string()), almost, { maxKeys: 4 }).map(labels);
  const policyOf = (given: Record<string, string>): ScalingPolicy | undefined => {
    try {
      return parseScalingPolicy(given);
    } catch (error) {
      expect(error).toMatchObject({ name: 'ShoalError', code: 'invalid-request', message: expect.stringMatching(/^labels\.com\.openfaas\.scale\.[a-z.-]+ /) });
      return undefined;
    }
  };

  it('makes of any labels a policy within its bounds, or refuses them by name', () => {
    fc.assert(
      fc.property(anyLabels, (given) => {
        const policy = policyOf(given);
        if (!policy) return;
        const { min, max, target, targetProportion, factorPercent, downStep, downWindowMs, warmUpMs, zeroAfterMs } = policy;
        expect(Number.isInteger(min) && Number.isInteger(max) && min >= 0 && max >= 1 && min <= max && max <= MAX_REPLICAS).toBe(true);
        expect(target > 0 && target <= 1_000_000 && targetProportion > 0 && targetProportion <= 1 && downStep > 0 && downStep <= 1).toBe(true);
        expect(Number.isInteger(factorPercent) && factorPercent >= 0 && factorPercent <= 100).toBe(true);
        expect(downWindowMs >= 0 && downWindowMs <= MAX_DOWN_WINDOW_MS && warmUpMs >= 0 && warmUpMs <= 300_000 && zeroAfterMs > 0 && zeroAfterMs <= MAX_DURATION_MS).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('makes policies by which every decision is a whole number of replicas within their bounds', () => {
    const amount = fc.oneof(fc.nat(2_000), fc.double({ min: 0, max: 1e9, noNaN: true }));
    const sample = fc.record({
      desired: fc.nat(1_000),
      ready: fc.nat(1_000),
      load: fc.option(amount, { nil: undefined }),
      concurrency: fc.nat(1_000_000),
      waiting: fc.nat(1_000_000),
      roomPerReplica: fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constant(Infinity)),
      idleMs: amount,
      updating: fc.boolean(),
    });
    const past = fc.record({ neededInWindow: fc.nat(2_000), watchedMs: amount, sinceUpMs: amount, sinceDownMs: amount });
    fc.assert(
      fc.property(anyLabels, sample, past, fc.boolean(), (given, now, before, firing) => {
        const policy = policyOf(given);
        if (!policy) return;
        for (const { replicas, needed } of [decide(policy, now, before), decideByAlert(policy, now, firing, before.neededInWindow)]) {
          expect(Number.isInteger(replicas) && Number.isInteger(needed) && replicas >= 0).toBe(true);
          // Who has more already is led there, or left alone.
          expect(replicas).toBeLessThanOrEqual(Math.max(policy.max, now.desired));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
