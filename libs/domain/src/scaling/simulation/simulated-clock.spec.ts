import { SeededRandom } from './seeded-random';
import { SimulatedClock } from './simulated-clock';

describe('SimulatedClock', () => {
  it('runs what is due in the order of its time, equals in the order in which they were asked for', () => {
    const clock = new SimulatedClock();
    const random = new SeededRandom(1);
    const ran: { readonly dueMs: number; readonly order: number }[] = [];
    const asked = Array.from({ length: 1_000 }, (_, order) => ({ dueMs: Math.floor(random.next() * 100), order }));
    for (const event of asked) {
      clock.after(event.dueMs, () => {
        expect([clock.nowMs(), clock.monotonicMs()]).toEqual([event.dueMs, event.dueMs]);
        ran.push(event);
      });
    }
    clock.runUntil(1_000);
    expect(ran).toEqual([...asked].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order));
    expect(clock.nowMs()).toBe(1_000);
  });

  it('runs what an event asks for within the time, and leaves what is later', () => {
    const clock = new SimulatedClock();
    const ran: number[] = [];
    const again = () => {
      ran.push(clock.nowMs());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.runUntil(35);
    expect(ran).toEqual([10, 20, 30]);
    clock.runUntil(40);
    expect(ran).toEqual([10, 20, 30, 40]);
  });

  it('runs nothing that was cancelled', () => {
    const clock = new SimulatedClock();
    const action = jest.fn();
    clock.after(10, action).cancel();
    clock.runUntil(20);
    expect(action).not.toHaveBeenCalled();
  });
});
