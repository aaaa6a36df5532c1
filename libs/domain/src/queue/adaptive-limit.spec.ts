import { AdaptiveLimit } from './adaptive-limit';

describe('AdaptiveLimit', () => {
  it('doubles with each round that is taken, up to the most', () => {
    const limit = new AdaptiveLimit(50);
    expect(limit.value).toBe(10);
    for (let i = 0; i < 10; i++) limit.taken(true);
    expect(limit.value).toBe(20);
    for (let i = 0; i < 100; i++) limit.taken(true);
    expect(limit.value).toBe(50);
  });

  it('does not grow while it is not used', () => {
    const limit = new AdaptiveLimit(50);
    for (let i = 0; i < 100; i++) limit.taken(false);
    expect(limit.value).toBe(10);
  });

  it('halves once for refusals that come together, never below 1, and grows by one a round afterwards', () => {
    const limit = new AdaptiveLimit(50);
    for (let i = 0; i < 8; i++) limit.refused(0);
    expect(limit.value).toBe(5);
    for (let second = 1; second < 20; second++) limit.refused(second * 1_000);
    expect(limit.value).toBe(1);
    limit.taken(true);
    expect(limit.value).toBe(2);
    limit.taken(true);
    expect(limit.value).toBe(2);
    limit.taken(true);
    expect(limit.value).toBe(2);
    limit.taken(true);
    expect(limit.value).toBe(3);
  });

  it('takes a smaller most at once', () => {
    const limit = new AdaptiveLimit(50);
    limit.max = 3;
    expect(limit.value).toBe(3);
  });
});
