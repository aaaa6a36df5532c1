import { parseScalingPolicy } from './scaling-policy';

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
});
