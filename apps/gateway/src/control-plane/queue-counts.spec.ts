import type { QueueStatus } from '@shoal/domain/queue/queued-calls';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { QueueCounts } from './queue-counts';

const of = (functionKey: string, dead: number): QueueStatus => ({ functionKey, queued: 2, unfinished: 3, callbacks: 0, dead, running: 1, perSecond: 0 });

describe('QueueCounts', () => {
  const start = (status: () => Promise<readonly QueueStatus[]>) => {
    const clock = new FakeClock();
    let asked = 0;
    const counts = new QueueCounts({ status: () => (asked++, status()) }, clock);
    return { clock, counts, asked: () => asked };
  };

  it('adds up what the queue says, and knows the dead of each function that has any', async () => {
    const { counts } = start(async () => [of('a.ns', 0), of('b.ns', 4)]);
    expect([counts.totals, counts.deadOf('b.ns')]).toEqual([undefined, undefined]);
    await counts.refresh();
    expect(counts.totals).toEqual({ queued: 4, running: 2, dead: 4 });
    expect([counts.deadOf('a.ns'), counts.deadOf('b.ns')]).toEqual([undefined, 4]);
  });

  it('.refresh() asks every two seconds at most, and one question at a time', async () => {
    const answers: (() => void)[] = [];
    const { clock, counts, asked } = start(() => new Promise((resolve) => answers.push(() => resolve([]))));
    const first = counts.refresh();
    clock.advance(5_000);
    await counts.refresh();
    expect(asked()).toBe(1);
    answers[0]!();
    await first;
    void counts.refresh();
    expect(asked()).toBe(2);
    answers[1]!();
    await counts.refresh();
    clock.advance(1_999);
    await counts.refresh();
    expect(asked()).toBe(2);
  });

  it('knows nothing while the queue cannot be reached, and soon when it does not answer', async () => {
    let answer: () => Promise<readonly QueueStatus[]> = async () => [of('a.ns', 1)];
    const { clock, counts } = start(() => answer());
    await counts.refresh();
    answer = () => Promise.reject(new Error('away'));
    clock.advance(2_000);
    await counts.refresh();
    expect([counts.totals, counts.deadOf('a.ns')]).toEqual([undefined, undefined]);
    answer = async () => [of('a.ns', 1)];
    clock.advance(2_000);
    await counts.refresh();
    expect(counts.totals).toBeDefined();
    answer = () => new Promise(() => undefined);
    clock.advance(9_999);
    void counts.refresh();
    expect(counts.totals).toBeDefined();
    clock.advance(1);
    expect([counts.totals, counts.deadOf('a.ns')]).toEqual([undefined, undefined]);
  });

  it('asks nobody where there is no queue', async () => {
    const counts = new QueueCounts(undefined, new FakeClock());
    await counts.refresh();
    expect(counts.totals).toBeUndefined();
  });
});
