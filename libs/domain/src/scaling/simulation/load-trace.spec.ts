import { generateTrace, MAX_TRACE_SECONDS, parseTrace, type TraceShape } from './load-trace';

describe('generateTrace()', () => {
  const options = { peak: 110, base: 10, periodSeconds: 20, durationSeconds: 40 };

  it.each<[TraceShape, readonly number[]]>([
    ['square', [10, 10, 10, 10, 110, 110, 110, 110]],
    ['ramp', [10, 60, 110, 60, 10, 60, 110, 60]],
    ['diurnal', [10, 60, 110, 60, 10, 60, 110, 60]],
  ])('%s has its shape, period after period', (shape, everyFewSeconds) => {
    const step = shape === 'square' ? [0, 3, 6, 9, 10, 13, 16, 19] : [0, 5, 10, 15, 20, 25, 30, 35];
    const { callsPerSecond, name } = generateTrace(shape, options);
    expect(name).toBe(shape);
    expect(callsPerSecond).toHaveLength(40);
    expect(step.map((second) => Math.round(callsPerSecond[second]!))).toEqual(everyFewSeconds);
  });

  it('spike is at its peak for a tenth of each period', () => {
    const { callsPerSecond } = generateTrace('spike', options);
    expect(callsPerSecond.flatMap((rate, second) => (rate === 110 ? [second] : []))).toEqual([8, 9, 28, 29]);
  });

  it.each([
    ['a base above its peak', { base: 111 }],
    ['too much load', { peak: 1_000_001 }],
    ['a period that is too short', { periodSeconds: 1 }],
    ['no duration', { durationSeconds: 0 }],
    ['too long a duration', { durationSeconds: MAX_TRACE_SECONDS + 1 }],
    ['what is no number', { peak: NaN }],
  ])('rejects %s', (_name, wrong) => {
    expect(() => generateTrace('ramp', { ...options, ...wrong })).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});

describe('parseTrace()', () => {
  it.each([
    ['a line a second', '0,1\n1,2.5\n2,0\n', [1, 2.5, 0]],
    ['a heading, blanks and Windows line ends', 'second,calls_per_second\r\n 0 , 4 \r\n\r\n1,5\r\n', [4, 5]],
    ['gaps: a rate holds until the next, the last as long as the one before', '0,1\n2,3\n5,7', [1, 1, 3, 3, 3, 7, 7, 7]],
    ['a single line', '0,9', [9]],
  ])('reads %s', (_name, csv, rates) => {
    expect(parseTrace('t.csv', csv)).toEqual({ name: 't.csv', callsPerSecond: rates });
  });

  it.each([
    ['', 't.csv must begin with second 0'],
    ['second,calls_per_second\n', 't.csv must begin with second 0'],
    ['1,5\n', 't.csv must begin with second 0'],
    ['0,1\nx,2', 'line 2 of t.csv is not second,calls_per_second: x,2'],
    ['0,1\n1,-2', 'line 2 of t.csv is not second,calls_per_second: 1,-2'],
    ['0,1\n\n1,2,3', 'line 3 of t.csv is not second,calls_per_second: 1,2,3'],
    ['0,1\n2,1\n2,1', 'line 3 of t.csv does not come later than the one before it'],
    ['0,1000001', 'line 1 of t.csv has more than 1000000 calls a second'],
    [`0,1\n${MAX_TRACE_SECONDS},1`, `a trace lasts from 1 to ${MAX_TRACE_SECONDS} seconds`],
  ])('rejects %j', (csv, message) => {
    expect(() => parseTrace('t.csv', csv)).toThrow(message);
  });
});
