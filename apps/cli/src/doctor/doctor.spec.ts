import { clockAgainst } from './examine-gateway';
import { freeSpace, runtime } from './examine-machine';
import { formatBytes } from './format-bytes';

describe('runtime()', () => {
  it.each([
    [{ node: '20.19.0' }, 'ok'],
    [{ node: '22.0.1' }, 'ok'],
    [{ node: '20.18.9' }, 'broken'],
    [{ node: '18.20.0', bun: '1.4.5' }, 'ok'],
  ])('of %j is %s', (versions, state) => {
    expect(runtime(versions).state).toBe(state);
  });
});

describe('freeSpace()', () => {
  it.each([
    [2 * 1024 ** 3, 'ok'],
    [1024 ** 3 - 1, 'missing'],
    [100 * 1024 ** 2 - 1, 'broken'],
  ])('of %d bytes is %s', (bytes, state) => {
    expect(freeSpace(bytes).state).toBe(state);
  });
});

describe('clockAgainst()', () => {
  const at = (seconds: number) => clockAgainst('Fri, 27 Nov 2026 12:00:00 GMT', Date.UTC(2026, 10, 27, 12, 0, seconds));

  it('forgives some seconds either way', () => {
    for (const seconds of [9, -9]) expect(at(seconds)).toMatchObject([{ state: 'ok' }]);
  });

  it('says which clock is ahead', () => {
    expect(at(11)).toMatchObject([{ state: 'broken', found: "11 s ahead of the gateway's" }]);
    expect(at(-70)).toMatchObject([{ state: 'broken', found: "70 s behind the gateway's" }]);
  });

  it('says nothing of a gateway that does not tell the time', () => {
    expect(clockAgainst(undefined, 0)).toEqual([]);
  });
});

describe('formatBytes()', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [70.1 * 1024 ** 3, '70.1 GiB'],
    [5000 * 1024 ** 4, '5000.0 TiB'],
  ])('of %d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
