import type { FunctionEntry, ReplicaDirectory } from '../invocation/replica-directory';
import type { Clock } from '../shared/clock';
import { messageOf } from '../shared/errors';
import type { Enqueue } from './enqueue';
import type { ScheduleLog, ScheduleProgress } from './invocation-queue';
import { parseSchedule, type Cron, type Schedule } from './schedule';

const EMPTY = new Uint8Array(0);
/** A run that begins later than this was missed; and a clock that is behind what has been seen to by more was set back. */
const LATE_MS = 30_000;

/** What is known of one function's schedule. */
interface Watched {
  /** Another deployment's annotations are another object. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly schedule: Schedule;
  progress: ScheduleProgress;
  nextMs: number | undefined;
}

/** For people. */
export interface ScheduleStatus extends Schedule {
  /** RFC 3339. */
  readonly nextRun?: string;
  readonly lastRun?: string;
}

export interface SchedulerOptions {
  readonly directory: ReplicaDirectory;
  readonly enqueue: Enqueue;
  readonly log: ScheduleLog;
  readonly cron: Cron;
  readonly clock: Clock;
  /** Told when a schedule cannot be followed, once for each reason; it is tried again at the next tick. */
  readonly failed: (functionKey: string, message: string) => void;
}

/**
 * Calls functions by the clock, through the queue. Each run has an id of its own that every gateway computes alike, and
 * what was seen to is written down where all gateways see it: so of several, one call comes about, and none is lost when
 * one of them dies.
 */
export class Scheduler {
  private readonly watched = new Map<string, Watched>();
  private readonly problems = new Map<string, string>();
  private ticking = false;

  constructor(private readonly options: SchedulerOptions) {}

  /** Looks at all functions with a schedule. Called about once a second. Never rejects. */
  async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    const { directory } = this.options;
    const isScheduled = (entry: FunctionEntry | undefined) => entry?.state.spec.annotations['schedule'] !== undefined;
    for (const entry of directory.all()) if (isScheduled(entry)) await this.attempt(entry.key, () => this.look(entry));
    for (const key of this.watched.keys()) if (!isScheduled(directory.find(key))) await this.attempt(key, () => this.forget(key));
    this.ticking = false;
  }

  /** `undefined` when the function has no schedule. */
  status(key: string): ScheduleStatus | undefined {
    const watched = this.watched.get(key);
    if (!watched) return undefined;
    const { schedule, nextMs, progress } = watched;
    return {
      ...schedule,
      ...(nextMs === undefined ? {} : { nextRun: new Date(nextMs).toISOString() }),
      ...(progress.lastRunMs === undefined ? {} : { lastRun: new Date(progress.lastRunMs).toISOString() }),
    };
  }

  private async attempt(key: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.problems.delete(key);
    } catch (error) {
      const message = messageOf(error);
      if (this.problems.get(key) !== message) this.options.failed(key, message);
      this.problems.set(key, message);
    }
  }

  private async look(entry: FunctionEntry): Promise<void> {
    const watched = await this.watch(entry);
    const { clock, log, cron } = this.options;
    const nowMs = clock.nowMs();
    if (nowMs < watched.progress.handledMs - LATE_MS) await this.goOnFrom(entry.key, watched, nowMs);
    if (watched.nextMs === undefined || nowMs < watched.nextMs) return;
    // Somebody else may have seen to it, while nothing could be seen from here.
    const stored = await log.scheduleProgress(entry.key);
    if (stored?.schedule === watched.progress.schedule && stored.handledMs > watched.progress.handledMs) watched.progress = stored;
    const { schedule, progress } = watched;
    const dueMs = this.lastDue(schedule, progress.handledMs, nowMs);
    if (dueMs !== undefined) {
      const runs = nowMs - dueMs < LATE_MS || schedule.missed === 'once';
      if (runs) await this.run(entry, dueMs);
      watched.progress = { ...progress, handledMs: nowMs, ...(runs ? { lastRunMs: dueMs } : {}) };
      await log.setScheduleProgress(entry.key, watched.progress);
    }
    watched.nextMs = cron.next(schedule, Math.max(nowMs, watched.progress.handledMs));
  }

  /** By the clock as it is now. What runs again within the time that calls are kept has the id that it had, and is not run twice. */
  private async goOnFrom(key: string, watched: Watched, nowMs: number): Promise<void> {
    const { cron, log } = this.options;
    watched.progress = { ...watched.progress, handledMs: nowMs };
    await log.setScheduleProgress(key, watched.progress);
    watched.nextMs = cron.next(watched.schedule, nowMs);
  }

  private async watch({ key, state }: FunctionEntry): Promise<Watched> {
    const { annotations } = state.spec;
    const known = this.watched.get(key);
    if (known?.annotations === annotations) return known;
    const { cron, log, clock } = this.options;
    const schedule = parseSchedule(annotations)!;
    const text = `${schedule.cron} ${schedule.timeZone}`;
    let progress = await log.scheduleProgress(key);
    if (progress?.schedule !== text) {
      // What another schedule would have wanted, or this one before it was there, is not missed.
      progress = { schedule: text, handledMs: clock.nowMs() };
      await log.setScheduleProgress(key, progress);
    }
    const watched: Watched = { annotations, schedule, progress, nextMs: cron.next(schedule, progress.handledMs) };
    this.watched.set(key, watched);
    return watched;
  }

  private async forget(key: string): Promise<void> {
    await this.options.log.setScheduleProgress(key, undefined);
    this.watched.delete(key);
  }

  /** Of several that were due, the last within reach: they are made up for by one. `undefined` when none was. */
  private lastDue(schedule: Schedule, handledMs: number, nowMs: number): number | undefined {
    const { cron } = this.options;
    const first = cron.next(schedule, handledMs);
    if (first === undefined || first > nowMs) return undefined;
    // A quick schedule may have been due thousands of times; of those, only the last moments matter.
    let dueMs = first;
    for (let next = cron.next(schedule, Math.max(handledMs, nowMs - LATE_MS)); next !== undefined && next <= nowMs; next = cron.next(schedule, dueMs)) {
      dueMs = next;
    }
    return dueMs;
  }

  private async run({ id }: FunctionEntry, dueMs: number): Promise<void> {
    const at = new Date(dueMs).toISOString();
    await this.options.enqueue.enqueue({
      functionId: id,
      method: 'POST',
      rest: '/',
      headers: ['X-Schedule-Time', at],
      body: EMPTY,
      acceptedMs: this.options.clock.nowMs(),
      idempotencyKey: `schedule:${at}`,
    });
  }
}
