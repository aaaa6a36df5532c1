import type { Clock } from '../shared/clock';
import type { ErrorCode } from '../shared/errors';
import type { CallObserver, CallOutcome } from './call-observer';
import { addLatencies, NO_LATENCIES, withLatency } from './latencies';
import { LATENCY_BINS, latencyQuantileMs } from './latency-bins';
import { PastBuckets, summaryOf, type Bucket } from './past-buckets';

export const STATISTICS_STEP_MS = 5_000;
/** So far back the statistics go. */
export const STATISTICS_WINDOW_MS = 10 * 60_000;
const WINDOW_STEPS = STATISTICS_WINDOW_MS / STATISTICS_STEP_MS;
/** So far back single latencies are known; of older steps their quantiles only. */
const MINUTE_STEPS = 60_000 / STATISTICS_STEP_MS;
const SWEEP_MS = 60_000;
/** A wall clock that is set differently by less than this moves no point. */
const CLOCK_TOLERANCE_MS = 1_000;
/** Of latencies, while they are added up: a look at all functions leaves nothing behind. */
const sums = new Uint32Array(LATENCY_BINS);

/** The calls of one step. */
export interface StatisticsPoint {
  /** When the step began, since the Unix epoch. */
  readonly atMs: number;
  /** Calls that ended in it by the first digit of their status: of 2, 3, 4 and 5. Switching protocols counts as 2. */
  readonly byClass: readonly [number, number, number, number];
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  /** The most calls at a time, those that waited among them. */
  readonly inFlight: number;
}

/** What happened of late. */
export interface RecentCalls {
  /** Calls that ended in a second, in the last 5 to 10 s. */
  readonly callsPerSecond: number;
  /** Calls that ended in the last minute. */
  readonly ended: number;
  /** Of these, those with a status from 500 on. */
  readonly failed: number;
  readonly p95Ms?: number;
}

interface FunctionCalls {
  running: number;
  lastCallMs: number;
  /** Of the step in which calls began or ended last, unless that is more than a minute ago. */
  open: Bucket | undefined;
  /** The others; only of steps in which calls began or ended. */
  readonly buckets: PastBuckets;
}

export interface CallStatisticsOptions {
  /** The HTTP status that an error becomes. */
  readonly statusOf: (code: ErrorCode) => number;
  /** Whether there is a function with that key: what is known of others is forgotten once it is old. */
  readonly exists: (functionKey: string) => boolean;
}

/**
 * What happened to each function in the last ten minutes, in steps of five seconds. Costs nothing for functions without
 * calls, and a few numbers on the way of each call.
 */
export class CallStatistics implements CallObserver {
  private readonly functions = new Map<string, FunctionCalls>();
  private readonly startedMs: number;
  private clockOffsetMs: number;
  private sweeping = false;

  constructor(
    private readonly clock: Clock,
    private readonly options: CallStatisticsOptions,
  ) {
    this.startedMs = this.clockOffsetMs = clock.nowMs() - clock.monotonicMs();
  }

  started(functionKey: string): void {
    let calls = this.functions.get(functionKey);
    if (!calls) {
      this.functions.set(functionKey, (calls = { running: 0, lastCallMs: 0, open: undefined, buckets: new PastBuckets() }));
      this.sweepLater();
    }
    const nowMs = this.nowMs();
    calls.lastCallMs = nowMs;
    const bucket = bucketAt(calls, stepOf(nowMs));
    calls.running++;
    if (calls.running > bucket.mostInFlight) bucket.mostInFlight = calls.running;
  }

  ended(functionKey: string, outcome: CallOutcome, durationMs: number): void {
    const calls = this.functions.get(functionKey);
    if (!calls) return;
    const bucket = bucketAt(calls, stepOf(this.nowMs()));
    calls.running--;
    const status = typeof outcome === 'number' ? outcome : this.options.statusOf(outcome);
    bucket.byClass[Math.min(Math.max(Math.floor(status / 100), 2), 5) - 2]!++;
    bucket.latencies = withLatency(bucket.latencies, durationMs);
  }

  /** Of the window, the oldest first. Steps without calls are left out. */
  points(functionKey: string): readonly StatisticsPoint[] {
    const calls = this.functions.get(functionKey);
    if (!calls) return [];
    const now = stepOf(this.nowMs());
    dropOld(calls, now);
    const { open, buckets, running: runningNow } = calls;
    const points: StatisticsPoint[] = [];
    let running = buckets.runningBefore;
    for (let step = now - WINDOW_STEPS + 1, next = 0; step <= now; step++) {
      const past = next < buckets.length && buckets.stepAt(next) === step ? buckets.at(next++) : undefined;
      const bucket = past ?? (open?.step === step ? summaryOf(open, runningNow) : undefined);
      const atMs = step * STATISTICS_STEP_MS + this.wallOffsetMs();
      if (bucket) {
        points.push({ atMs, byClass: bucket.byClass, ...bucket.quantiles, inFlight: bucket.mostInFlight });
        running = bucket.left;
      } else if (running > 0) {
        points.push({ atMs, byClass: [0, 0, 0, 0], inFlight: running });
      }
    }
    return points;
  }

  /** `undefined` when no call ended within the last minute. */
  recent(functionKey: string): RecentCalls | undefined {
    const calls = this.functions.get(functionKey);
    if (!calls) return undefined;
    const { open, buckets } = calls;
    const nowMs = this.nowMs();
    const now = stepOf(nowMs);
    let [ended, failed, justNow] = [0, 0, 0];
    sums.fill(0);
    if (open && open.step > now - MINUTE_STEPS) {
      const [a, b, c, d] = open.byClass;
      ended = a + b + c + d;
      failed = d;
      if (open.step >= now - 1) justNow = ended;
      addLatencies(sums, open.latencies);
    }
    // The latest first: of ten minutes, only one is looked at, of all functions each second.
    for (let i = buckets.length - 1; i >= 0 && buckets.stepAt(i) > now - MINUTE_STEPS; i--) {
      const ofStep = buckets.endedAt(i);
      ended += ofStep;
      failed += buckets.failedAt(i);
      if (buckets.stepAt(i) >= now - 1) justNow += ofStep;
      addLatencies(sums, buckets.latenciesAt(i));
    }
    if (ended === 0) return undefined;
    const p95Ms = latencyQuantileMs(sums, 0.95);
    return {
      callsPerSecond: (justNow * 1_000) / (nowMs - (now - 1) * STATISTICS_STEP_MS),
      ended,
      failed,
      ...(p95Ms === undefined ? {} : { p95Ms }),
    };
  }

  /** Calls that run or wait now. */
  inFlight(functionKey: string): number {
    return this.functions.get(functionKey)?.running ?? 0;
  }

  /** When the last call came, since the Unix epoch; `undefined` when there was none. */
  lastCallMs(functionKey: string): number | undefined {
    const calls = this.functions.get(functionKey);
    return calls && calls.lastCallMs + this.wallOffsetMs();
  }

  /** As the wall clock was when this began, but never set differently: steps keep their length and order. */
  private nowMs(): number {
    return this.startedMs + this.clock.monotonicMs();
  }

  /** What has to be added for the time as the wall clock has it now. */
  private wallOffsetMs(): number {
    const offsetMs = this.clock.nowMs() - this.clock.monotonicMs();
    if (Math.abs(offsetMs - this.clockOffsetMs) > CLOCK_TOLERANCE_MS) this.clockOffsetMs = offsetMs;
    return this.clockOffsetMs - this.startedMs;
  }

  private sweepLater(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    this.clock.after(SWEEP_MS, () => {
      this.sweeping = false;
      this.sweep(stepOf(this.nowMs()));
      if (this.functions.size > 0) this.sweepLater();
    });
  }

  /** Functions that get no more calls keep nothing but when the last one came; those that are gone not even that. */
  private sweep(now: number): void {
    for (const [key, calls] of this.functions) {
      dropOld(calls, now);
      if (!calls.open && calls.buckets.length === 0 && calls.running === 0 && !this.options.exists(key)) this.functions.delete(key);
    }
  }
}

function stepOf(ms: number): number {
  return Math.floor(ms / STATISTICS_STEP_MS);
}

function bucketAt(calls: FunctionCalls, step: number): Bucket {
  const { open } = calls;
  return open?.step === step ? open : openBucket(calls, step);
}

function openBucket(calls: FunctionCalls, step: number): Bucket {
  closeBucket(calls);
  dropOld(calls, step);
  return (calls.open = { step, byClass: [0, 0, 0, 0], mostInFlight: calls.running, latencies: NO_LATENCIES });
}

function closeBucket(calls: FunctionCalls): void {
  if (calls.open) calls.buckets.push(calls.open, calls.running);
  calls.open = undefined;
}

/** What has left the window goes, and what has left the last minute keeps its quantiles only. */
function dropOld(calls: FunctionCalls, now: number): void {
  // Not before: what is replayed of other processes comes later than others look.
  if (calls.open && calls.open.step <= now - MINUTE_STEPS) closeBucket(calls);
  calls.buckets.dropBefore(now - WINDOW_STEPS + 1);
  calls.buckets.dropLatenciesBefore(now - MINUTE_STEPS + 1);
}
