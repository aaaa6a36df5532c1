import { parseScalingPolicy } from './scaling-policy';

const labels = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));

describe('parseScalingPolicy()', () => {
  it('has the defaults of the contract', () => {
    expect(parseScalingPolicy({})).toEqual({ min: 1, max: 20, factorPercent: 20, zero: false, zeroAfterMs: 900_000 });
  });

  it('reads every label', () => {
    const given = labels({ min: '2', max: '10', factor: '50', zero: 'true', 'zero-duration': '30s' });
    expect(parseScalingPolicy(given)).toEqual({ min: 2, max: 10, factorPercent: 50, zero: true, zeroAfterMs: 30_000 });
  });

  it('lets a high minimum raise the default maximum', () => {
    expect(parseScalingPolicy(labels({ min: '30' }))).toMatchObject({ min: 30, max: 30 });
  });

  it.each([
    ['min', '-1'],
    ['min', '1.5'],
    ['min', ''],
    ['max', '0'],
    ['max', '1001'],
    ['factor', '150'],
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
