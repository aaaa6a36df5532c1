import { describePreview } from './describe-preview';
import { pictureShapes } from './picture-shapes';
import { scalingPreview, type ScalingPreview } from './scaling-preview';

const scale = (labels: Record<string, string>) => Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));
const preview = async (labels: Record<string, string>) => (await scalingPreview(scale(labels)))!;
const counts = ({ seconds }: ScalingPreview) => seconds.map(({ replicas }) => replicas);

describe('scalingPreview()', () => {
  it('shows replicas that follow a load of any policy, and go again', async () => {
    const shown = counts(await preview({}));
    expect([shown[0], Math.max(...shown), shown.at(-1)]).toEqual([1, 6, 1]);
  });

  it.each(['1', '50', '1000000'])('shows the same whatever the target is: %s', async (target) => {
    expect(counts(await preview({ target }))).toEqual(counts(await preview({})));
  });

  it.each(['capacity', 'cpu', 'queue'])('knows a load for type %s', async (type) => {
    expect(Math.max(...counts(await preview({ type, target: '500' })))).toBeGreaterThanOrEqual(6);
  });

  it('goes to zero after the time that the policy says, however long that is', async () => {
    const { seconds, quietFrom } = await preview({ zero: 'true', 'zero-duration': '5m' });
    const asleep = seconds.findIndex(({ replicas }) => replicas === 0);
    expect(asleep - quietFrom).toBeGreaterThanOrEqual(299);
    expect(asleep - quietFrom).toBeLessThanOrEqual(303);
    const long = await preview({ zero: 'true', 'zero-duration': '24h' });
    expect(counts(long).at(-1)).toBe(0);
    expect(describePreview(long)).toContain('Asleep 24h after the last call.');
  });

  it('stays within minimum and maximum', async () => {
    expect(new Set(counts(await preview({ min: '3', max: '3' })))).toEqual(new Set([3]));
    expect(Math.max(...counts(await preview({ max: '2' })))).toBe(2);
  });

  it('has none where alerts decide, and rejects what is no policy', async () => {
    expect(await scalingPreview(scale({ type: 'alert' }))).toBeUndefined();
    await expect(scalingPreview(scale({ min: 'x' }))).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('ends when what is awaited in between rejects', async () => {
    await expect(scalingPreview({}, () => Promise.reject(new Error('overtaken')))).rejects.toThrow('overtaken');
  });
});

it('describePreview() says what there is to see', async () => {
  expect(describePreview(await preview({ min: '0', max: '2', zero: 'true' }))).toMatch(
    /^A load that rises to 67\.5 calls a second, stays there for a minute and falls: 0 to 2 replicas\. It begins asleep; the first call wakes it and waits for the start\. Another is added after \d+ s\. Never more than 2\. Back to 1 replica [\d.]+ s after the last call\. Asleep 15 min after the last call\.$/,
  );
  expect(describePreview(await preview({ min: '3', max: '3' }))).toContain('always 3 replicas. It never goes to sleep.');
});

describe('pictureShapes()', () => {
  const second = (replicas: number, needed = 0) => ({ replicas, needed });
  const policy = async () => (await preview({ max: '4' })).policy;

  it('draws steps, and the sleep at the end', async () => {
    const seconds = [second(1, 1), second(4, 4), ...new Array<ReturnType<typeof second>>(5).fill(second(1)), second(0), second(0)];
    const shapes = pictureShapes({ policy: await policy(), peakLoad: 4, seconds, quietFrom: 2 }, { width: 800, height: 115 });
    expect(shapes.replicas).toMatch(/^M0 90H248V15H496V90H7\d\d(\.\d)?V115H800$/);
    expect(shapes.sleeps).toMatchObject([{ to: 800 }]);
    expect(shapes.maximum).toBe(15);
    expect(shapes.counts.map(({ count }) => count)).toEqual([0, 1, 2, 3, 4]);
  });

  it('has no maximum that is not reached', async () => {
    expect(pictureShapes({ policy: await policy(), peakLoad: 1, seconds: [second(1, 1), second(1), second(1)], quietFrom: 1 }, { width: 100, height: 100 })).toMatchObject({ maximum: undefined, sleeps: [] });
  });
});
