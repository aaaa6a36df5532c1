import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { DueWork } from './due-work';

describe('DueWork', () => {
  it('says each time that the clock was set back until it is done, once', async () => {
    const clock = new FakeClock();
    clock.set(1_000_000_000);
    const told: number[] = [];
    let failures = 2;
    const failed: unknown[] = [];
    const work = new DueWork({
      clock,
      work: async () => undefined,
      setBack: async (byMs) => {
        told.push(byMs);
        if (failures-- > 0) throw new Error('the disk is full');
      },
      failed: (error) => failed.push(error),
    });
    const pass = async (ms: number) => {
      clock.advance(ms);
      await new Promise(setImmediate);
    };
    work.at(clock.nowMs() + 60_000);
    clock.set(-50_000);
    await pass(10_000);
    clock.set(-7_000);
    await pass(1_000);
    expect(told).toEqual([50_000, 50_000]);
    await pass(1_000);
    expect(told).toEqual([50_000, 50_000, 50_000, 7_000]);
    work.at(clock.nowMs());
    await pass(10_000);
    expect(told).toHaveLength(4);
    expect(failed).toHaveLength(1);
    await work.stop();
  });
});
