import { timeParts } from './server-timing';

describe('timeParts()', () => {
  it('reads the receipt, and calls the rest network', () => {
    expect(timeParts('queue;dur=0.0, wake;dur=41.5, exec;dur=2.5, gateway;dur=1.0', 50)).toEqual([
      { name: 'queue', ms: 0 },
      { name: 'wake', ms: 41.5 },
      { name: 'exec', ms: 2.5 },
      { name: 'gateway', ms: 1 },
      { name: 'network', ms: 5 },
    ]);
  });

  it('passes over what a function says, and is never negative', () => {
    const parts = timeParts('db;dur=3, miss, queue;desc="a,b";dur=1, queue;dur=1.0, wake;dur=2.0, exec;dur=3.0, gateway;dur=4.0', 5);
    expect(parts.map(({ ms }) => ms)).toEqual([1, 2, 3, 4, 0]);
  });

  it.each([undefined, '', 'exec;dur=1', 'queue;dur=., wake;dur=1, exec;dur=1, gateway;dur=1'])('says nothing of %j', (header) => expect(timeParts(header, 1)).toEqual([]));
});
