import { ShoalError } from '../shared/errors';

/** When a function is called by the clock, read from its annotations. */
export interface Schedule {
  /** As written: five fields, or six with seconds first. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  /** What happens when nobody was there at the time: nothing, or one call as soon as somebody is. */
  readonly missed: 'skip' | 'once';
}

/** Reads cron expressions. */
export interface Cron {
  /** What is wrong with an expression or a time zone; `undefined` when nothing is. */
  problem(schedule: Schedule): string | undefined;
  /** The first time after `afterMs`; `undefined` when there is none. */
  next(schedule: Schedule, afterMs: number): number | undefined;
}

type Annotations = Readonly<Record<string, string>>;

const SCHEDULE = 'schedule';
const TIME_ZONE = 'schedule.timezone';
const MISSED = 'schedule.missed';
/** Of an expression, and of a time zone: reading one takes time, and each look at the clock reads it. */
const MAX_LENGTH = 256;

/** `undefined` when the function has none. Rejects with `invalid-request` naming the annotation; the cron expression is not looked at. */
export function parseSchedule(annotations: Annotations): Schedule | undefined {
  const cron = annotations[SCHEDULE]?.trim();
  const { [TIME_ZONE]: timeZone = 'UTC', [MISSED]: missed = 'skip' } = annotations;
  if (cron === undefined) return undefined;
  for (const [name, text] of [[SCHEDULE, cron], [TIME_ZONE, timeZone]] as const) {
    if (text.length > MAX_LENGTH) throw new ShoalError('invalid-request', `annotations.${name} is longer than ${MAX_LENGTH} characters`);
  }
  if (missed !== 'skip' && missed !== 'once') throw new ShoalError('invalid-request', `annotations.${MISSED} must be skip or once`);
  return { cron, timeZone, missed };
}

/** As `parseSchedule`, and rejects a schedule that can never be. */
export function requireSchedule(annotations: Annotations, cron: Cron): Schedule | undefined {
  const schedule = parseSchedule(annotations);
  const problem = schedule && cron.problem(schedule);
  if (problem !== undefined) throw new ShoalError('invalid-request', `annotations.${SCHEDULE} ${problem}`);
  return schedule;
}
