import type { LogLine } from '../gateway/api';
import type { WriteTime } from './go-time';

export const LOG_FORMATS = ['plain', 'keyvalue', 'json'] as const;

export interface LogFormat {
  readonly output: (typeof LOG_FORMATS)[number];
  /** `undefined` leaves the time out. */
  readonly writeTime: WriteTime | undefined;
  /** Whether a plain line names the function. */
  readonly name: boolean;
  /** Whether a plain line names the replica. */
  readonly instance: boolean;
}

/** One line of a log, without a line break at its end (wire contract §7.5). */
export function formatLogLine(line: LogLine, { output, writeTime, name, instance }: LogFormat): string {
  if (output === 'json') return JSON.stringify(line);
  const time = writeTime?.(line.timestamp);
  const text = line.text.replace(/[\r\n]+$/, '');
  if (output === 'plain') return [time, name && line.name, instance && `(${line.instance})`, text].filter((part) => typeof part === 'string').join(' ');
  const pairs = { ...(time === undefined ? {} : { timestamp: time }), name: line.name, instance: line.instance, text };
  return Object.entries(pairs).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(' ');
}
