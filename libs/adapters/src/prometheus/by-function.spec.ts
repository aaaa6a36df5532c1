import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { ByFunction, KEEP_REMOVED_MS, MAX_REMOVED } from './by-function';

function setUp(most?: number) {
  const clock = new FakeClock();
  const counts = new ByFunction(clock, () => ({ count: 0 }), most);
  return {
    clock,
    counts,
    keys: () => [...counts.entries()].map(([key]) => key),
    deploy: (name: string) => counts.apply({ kind: 'present', state: { spec: aFunction(name), createdAt: '', replicas: 1, ready: [] } }),
    remove: (name: string) => counts.apply({ kind: 'removed', id: aFunction(name).id }),
  };
}

describe('ByFunction', () => {
  it('of() makes one for each function, and gives the same again', () => {
    const { counts, keys } = setUp();
    counts.of('a.ns').count++;
    counts.of('b.ns').count++;
    expect(++counts.of('a.ns').count).toBe(2);
    expect(keys()).toEqual(['a.ns', 'b.ns']);
  });

  it('keeps the numbers of a removed function for a while, and only its', () => {
    const { clock, counts, keys, remove } = setUp();
    counts.of('a.ns');
    counts.of('b.ns');
    remove('a');
    clock.advance(KEEP_REMOVED_MS - 1);
    expect(keys()).toEqual(['a.ns', 'b.ns']);
    clock.advance(1);
    expect(keys()).toEqual(['b.ns']);
  });

  it('keeps each as long when they go at different times', () => {
    const { clock, counts, keys, remove } = setUp();
    counts.of('a.ns');
    counts.of('b.ns');
    remove('a');
    clock.advance(KEEP_REMOVED_MS / 2);
    remove('b');
    clock.advance(KEEP_REMOVED_MS / 2);
    expect(keys()).toEqual(['b.ns']);
    clock.advance(KEEP_REMOVED_MS);
    expect(keys()).toEqual([]);
  });

  it('goes on counting where a function left off that is deployed again in time', () => {
    const { clock, counts, deploy, remove } = setUp();
    counts.of('a.ns').count = 7;
    remove('a');
    clock.advance(KEEP_REMOVED_MS / 2);
    deploy('a');
    clock.advance(10 * KEEP_REMOVED_MS);
    expect(counts.find('a.ns')).toEqual({ count: 7 });
  });

  it('keeps nothing of functions of which nothing was counted', () => {
    const { keys, remove, clock } = setUp();
    remove('a');
    clock.advance(KEEP_REMOVED_MS);
    expect(keys()).toEqual([]);
  });

  it('forgets a function in time of which the first thing is told when it is gone already', () => {
    const { clock, counts, keys, remove } = setUp();
    remove('a');
    counts.of('a.ns').count++;
    clock.advance(KEEP_REMOVED_MS - 1);
    expect(keys()).toEqual(['a.ns']);
    clock.advance(1);
    expect(keys()).toEqual([]);
  });

  it('keeps so many removed functions at most', () => {
    const { counts, keys, remove } = setUp();
    counts.of('stays.ns');
    for (let i = 0; i <= MAX_REMOVED; i++) {
      counts.of(`f${i}.ns`);
      remove(`f${i}`);
    }
    expect(keys()).toHaveLength(1 + MAX_REMOVED);
    expect(keys().slice(0, 2)).toEqual(['stays.ns', 'f1.ns']);
  });

  it('keeps so many functions at most where that is asked for', () => {
    const { counts, keys } = setUp(2);
    for (const key of ['a.ns', 'b.ns', 'a.ns', 'c.ns']) counts.of(key);
    expect(keys()).toEqual(['b.ns', 'c.ns']);
  });
});
