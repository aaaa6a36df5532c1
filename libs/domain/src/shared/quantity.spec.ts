import { parseCpuMillis, parseMemoryBytes } from './quantity';

describe('parseMemoryBytes()', () => {
  it.each([
    ['128Mi', 134_217_728],
    ['1.5g', 1_610_612_736],
    ['64 MB', 67_108_864],
    ['1024', 1_024],
    ['2k', 2_048],
  ])('reads %s', (text, bytes) => {
    expect(parseMemoryBytes(text)).toBe(bytes);
  });

  it.each(['', 'lots', '0', '-1', '1x', '1  Mi', '99999p'])('does not read %j', (text) => {
    expect(parseMemoryBytes(text)).toBeUndefined();
  });
});

describe('parseCpuMillis()', () => {
  it.each([
    ['100m', 100],
    ['0.5', 500],
    ['2', 2_000],
    ['1000000000', 1_000],
  ])('reads %s', (text, millis) => {
    expect(parseCpuMillis(text)).toBe(millis);
  });

  it.each(['', 'x', '0', '-1', '1k'])('does not read %j', (text) => {
    expect(parseCpuMillis(text)).toBeUndefined();
  });
});
