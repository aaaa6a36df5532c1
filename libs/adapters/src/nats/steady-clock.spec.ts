import { SteadyClock } from './steady-clock';

describe('SteadyClock', () => {
  it('follows a wall clock that is set forward, and not one that is set back', () => {
    const clock = new SteadyClock();
    const real = Date.now;
    let stepMs = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => real() + stepMs);
    const ahead = () => Math.round((clock.nowMs() - real()) / 1_000);
    expect(ahead()).toBeCloseTo(0);
    stepMs = -3_600_000;
    expect(ahead()).toBeCloseTo(0);
    stepMs = 86_400_000;
    expect(ahead()).toBe(86_400);
    stepMs = 0;
    expect(ahead()).toBe(86_400);
    jest.restoreAllMocks();
  });
});
