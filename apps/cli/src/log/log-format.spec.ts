import type { LogLine } from '../gateway/api';
import { parseTimeLayout } from './go-time';
import { formatLogLine, type LogFormat } from './log-format';

const line: LogLine = { name: 'echo', namespace: 'ns', instance: 'echo-1', timestamp: '2026-02-03T15:04:05.12Z', text: 'said "hi"\r\n' };
const plain: LogFormat = { output: 'plain', writeTime: parseTimeLayout('15:04'), name: false, instance: false };

describe('formatLogLine()', () => {
  it.each<[string, Partial<LogFormat>, string]>([
    ['plain', {}, '15:04 said "hi"'],
    ['plain with the function', { name: true }, '15:04 echo said "hi"'],
    ['plain with both', { name: true, instance: true }, '15:04 echo (echo-1) said "hi"'],
    ['plain without a time', { writeTime: undefined, instance: true }, '(echo-1) said "hi"'],
    ['keyvalue', { output: 'keyvalue' }, 'timestamp="15:04" name="echo" instance="echo-1" text="said \\"hi\\""'],
    ['keyvalue without a time', { output: 'keyvalue', writeTime: undefined }, 'name="echo" instance="echo-1" text="said \\"hi\\""'],
    ['json, as it came', { output: 'json' }, JSON.stringify(line)],
  ])('%s', (_name, format, expected) => {
    expect(formatLogLine(line, { ...plain, ...format })).toBe(expected);
  });
});
