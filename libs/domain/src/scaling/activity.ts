import type { CallObserver, CallOutcome } from '../invocation/call-observer';
import type { ReplicaDirectory } from '../invocation/replica-directory';
import type { Clock } from '../shared/clock';
import { forEachInSlices } from '../shared/for-each-in-slices';
import type { FunctionLoad, MetricsSource } from './metrics-source';

/** Long enough to smooth, short enough to answer an overload within 3 s. */
const WINDOW_MS = 3_000;

/** What has happened to one function, up to a moment. */
interface Totals {
  atMs: number;
  readonly started: number;
  /** Milliseconds that all calls together have taken so far: its growth per millisecond is the mean of calls at a time. */
  readonly callMs: number;
  /** Calls that a replica had at that moment. */
  readonly served: number;
  /** Calls that a replica answered, and the milliseconds that it took for them. */
  readonly answered: number;
  readonly serviceMs: number;
}

class FunctionActivity {
  private started = 0;
  private running = 0;
  private callMs = 0;
  private answered = 0;
  private serviceMs = 0;
  /** Of one call; `undefined` while nobody can say. */
  private meanServiceMs: number | undefined;
  private lastMs: number;
  /** Of former looks, the oldest first: as many as the window has, and the one before. */
  private looks: Totals[] = [];

  constructor(nowMs: number) {
    this.lastMs = nowMs;
  }

  callStarted(nowMs: number): void {
    this.advance(nowMs);
    this.started++;
    this.running++;
  }

  /** @param serviceMs what a replica took for it; `undefined` when none answered. */
  callEnded(nowMs: number, serviceMs: number | undefined): void {
    this.advance(nowMs);
    this.running--;
    if (serviceMs === undefined) return;
    this.answered++;
    this.serviceMs += serviceMs;
  }

  get isBusy(): boolean {
    return this.running > 0;
  }

  /** For how long nobody has called; 0 while somebody is. */
  idleMs(nowMs: number): number {
    return this.running > 0 ? 0 : nowMs - this.lastMs;
  }

  /** The load since about a window ago. */
  look(nowMs: number, waiting: number): FunctionLoad {
    const idleMs = this.idleMs(nowMs);
    if (idleMs > 2 * WINDOW_MS) {
      // Nothing to count: so it is with most functions at most times, and nothing is made for them that has to be kept.
      const last = this.looks.at(-1);
      if (this.looks.length === 1 && last?.started === this.started) last.atMs = nowMs;
      else this.looks = [this.totals(nowMs, waiting)];
      return { callsPerSecond: 0, concurrency: 0, waiting: 0, idleMs };
    }
    const now = this.totals(nowMs, waiting);
    while (this.looks.length > 1 && this.looks[1]!.atMs <= nowMs - WINDOW_MS) this.looks.shift();
    const since = this.looks[0];
    const spanMs = since ? nowMs - since.atMs : 0;
    this.learnServiceTime(since, now, waiting);
    // Not a mean of looks: between two of them a queue may come and go, and would pass for calls that run.
    const running = Math.min(now.served, ...this.looks.map(({ served }) => served));
    const known = this.meanServiceMs === undefined ? {} : { serviceMs: this.meanServiceMs, running };
    // Not below nothing: with several processes, a call that ran at the last look may prove to have ended before it.
    const perMs = (amount: (of: Totals) => number) => (since && spanMs > 0 ? Math.max(0, amount(now) - amount(since)) / spanMs : undefined);
    const load: FunctionLoad = {
      callsPerSecond: (perMs(({ started }) => started) ?? 0) * 1_000,
      concurrency: perMs(({ callMs }) => callMs) ?? this.running,
      waiting,
      idleMs,
      ...known,
    };
    this.looks.push(now);
    return load;
  }

  /** Calls that hang tell nothing, and what was known does not hold for them. */
  private learnServiceTime(since: Totals | undefined, now: Totals, waiting: number): void {
    const answered = since ? now.answered - since.answered : 0;
    if (since && answered > 0) this.meanServiceMs = (now.serviceMs - since.serviceMs) / answered;
    else if (this.running > waiting) this.meanServiceMs = undefined;
  }

  private totals(nowMs: number, waiting: number): Totals {
    const callMs = this.callMs + this.running * (nowMs - this.lastMs);
    // With several processes, one that waits may be known of a moment before its start is.
    return { atMs: nowMs, served: Math.max(0, this.running - waiting), started: this.started, callMs, answered: this.answered, serviceMs: this.serviceMs };
  }

  private advance(nowMs: number): void {
    this.callMs += this.running * (nowMs - this.lastMs);
    this.lastMs = nowMs;
  }
}

/**
 * The load that this gateway sees itself, counted on the way of each call. A function that was never called counts as idle
 * from when it was first looked at.
 */
export class Activity implements CallObserver, MetricsSource {
  private readonly functions = new Map<string, FunctionActivity>();

  constructor(
    private readonly directory: ReplicaDirectory,
    private readonly clock: Clock,
  ) {}

  started(functionKey: string): void {
    this.of(functionKey).callStarted(this.clock.monotonicMs());
  }

  ended(functionKey: string, outcome: CallOutcome, durationMs: number, waitedMs: number): void {
    const serviceMs = typeof outcome === 'number' ? durationMs - waitedMs : undefined;
    this.functions.get(functionKey)?.callEnded(this.clock.monotonicMs(), serviceMs);
  }

  async measure(): Promise<ReadonlyMap<string, FunctionLoad>> {
    const loads = new Map<string, FunctionLoad>();
    await forEachInSlices(this.directory.all(), this.clock, ({ key, waitingCount }) => {
      loads.set(key, this.of(key).look(this.clock.monotonicMs(), waitingCount));
    });
    // One that is gone may still have calls, which end later.
    for (const [key, activity] of this.functions) if (!loads.has(key) && !activity.isBusy) this.functions.delete(key);
    return loads;
  }

  /** Milliseconds since the Unix epoch; `undefined` of a function that was neither called nor looked at. */
  lastCallMs(functionKey: string): number | undefined {
    const activity = this.functions.get(functionKey);
    return activity && this.clock.nowMs() - activity.idleMs(this.clock.monotonicMs());
  }

  private of(functionKey: string): FunctionActivity {
    let activity = this.functions.get(functionKey);
    if (!activity) this.functions.set(functionKey, (activity = new FunctionActivity(this.clock.monotonicMs())));
    return activity;
  }
}
