import { Level } from './level';
import { SimulatedClock } from './simulated-clock';

describe('Level', () => {
  it('knows what it was since it began, and for how long', () => {
    const clock = new SimulatedClock();
    const level = new Level(clock);
    level.add(50);
    clock.runUntil(1_000);
    level.add(-47);
    level.begin();
    clock.runUntil(1_100);
    level.add(5);
    clock.runUntil(1_400);
    level.add(-6);
    expect({ value: level.value, min: level.min, max: level.max }).toEqual({ value: 2, min: 2, max: 8 });
    expect(level.total()).toBe(3 * 100 + 8 * 300);
    expect(level.mean()).toBe(2_700 / 400);
  });

  it('has its value for a mean before any time has passed', () => {
    const level = new Level(new SimulatedClock());
    level.add(4);
    expect(level.mean()).toBe(4);
  });
});
