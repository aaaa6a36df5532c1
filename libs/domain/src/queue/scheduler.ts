import type { FunctionEntry, ReplicaDirectory } from '../invocation/replica-directory';
import type { Clock } from '../shared/clock';
import { messageOf } from '../shared/errors';
import type { Enqueue } from './enqueue';
import type { ScheduleLog } from './invocation-queue';
import { parseSchedule, type Cron, type Schedule } from './schedule';

const EMPTY = new Uint8Array(0);
/** A run that begins later than this was missed. */
const LATE_MS = 30_000;
/** Looked at in one tick; the others come in the next. */
const MAX_RUNS = 100;

/** What is known of one function's schedule. */
interface Watched {
  /** Another deployment's annotations are another object. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly schedule: Schedule;
  lastMs: number | undefined;
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
  /** Told when a run could not be accepted; it is tried again at the next tick. */
  readonly failed: (functionKey: string, message: string) => void;
}

/**
 * Calls functions by the clock, through the queue. Each run has an id of its own that every gateway computes alike, so that
 * of several gateways one call comes about, and none is lost when one of them dies.
 */
export class Scheduler {
  private readonly watched = new Map<string, Watched>();
  private ticking = false;

  constructor(private readonly options: SchedulerOptions) {}

  /** Looks at all functions with a schedule. Called about once a second. Never rejects. */
  async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    try {
      let runs = 0;
      for (const entry of this.options.directory.all()) {
        if (runs >= MAX_RUNS) break;
        if (entry.state.spec.annotations['schedule'] !== undefined && (await this.look(entry))) runs++;
      }
      for (const key of this.watched.keys()) if (!this.options.directory.find(key)) this.watched.delete(key);
    } finally {
      this.ticking = false;
    }
  }

  /** `undefined` when the function has no schedule. */
  status(key: string): ScheduleStatus | undefined {
    const watched = this.watched.get(key);
    if (!watched) return undefined;
    const { schedule, nextMs, lastMs } = watched;
    return {
      ...schedule,
      ...(nextMs === undefined ? {} : { nextRun: new Date(nextMs).toISOString() }),
      ...(lastMs === undefined ? {} : { lastRun: new Date(lastMs).toISOString() }),
    };
  }

  /** Resolves with whether it had something to do. */
  private async look(entry: FunctionEntry): Promise<boolean> {
    try {
      const watched = await this.watch(entry);
      const { nextMs } = watched;
      const nowMs = this.options.clock.nowMs();
      if (nextMs === undefined || nowMs < nextMs) return false;
      const dueMs = this.lastDue(watched, nextMs, nowMs);
      if (nowMs - dueMs < LATE_MS || watched.schedule.missed === 'once') await this.run(entry, dueMs);
      await this.options.log.setLastRun(entry.key, dueMs);
      watched.lastMs = dueMs;
      watched.nextMs = this.options.cron.next(watched.schedule, Math.max(nowMs, dueMs));
      return true;
    } catch (error) {
      this.options.failed(entry.key, messageOf(error));
      return false;
    }
  }

  private async watch(entry: FunctionEntry): Promise<Watched> {
    const { annotations } = entry.state.spec;
    const known = this.watched.get(entry.key);
    if (known?.annotations === annotations) return known;
    const schedule = parseSchedule(annotations)!;
    if (known && sameSchedule(known.schedule, schedule)) {
      const kept = { ...known, annotations };
      this.watched.set(entry.key, kept);
      return kept;
    }
    const { cron, log, clock } = this.options;
    const lastMs = await log.lastRunMs(entry.key);
    // What was due before the function was there is not missed; nor is what another schedule would have wanted.
    const sinceMs = known ? clock.nowMs() : Math.max(lastMs ?? 0, Date.parse(entry.state.createdAt) || clock.nowMs());
    const watched: Watched = { annotations, schedule, lastMs, nextMs: cron.next(schedule, sinceMs) };
    this.watched.set(entry.key, watched);
    return watched;
  }

  /** Of several that were due, the last: they are made up for by one. */
  private lastDue({ schedule }: Watched, firstMs: number, nowMs: number): number {
    let dueMs = firstMs;
    // Long outages of quick schedules: it is enough to be near.
    if (nowMs - dueMs > LATE_MS) dueMs = Math.max(dueMs, this.options.cron.next(schedule, nowMs - LATE_MS) ?? dueMs);
    if (dueMs > nowMs) return firstMs;
    for (;;) {
      const next = this.options.cron.next(schedule, dueMs);
      if (next === undefined || next > nowMs) return dueMs;
      dueMs = next;
    }
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

function sameSchedule(a: Schedule, b: Schedule): boolean {
  return a.cron === b.cron && a.timeZone === b.timeZone && a.missed === b.missed;
}
