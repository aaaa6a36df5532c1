import { conditionOf } from '@shoal/domain/functions/function-condition';
import type { FunctionState } from '@shoal/domain/functions/function-provider';
import type { CallStatistics, RecentCalls } from '@shoal/domain/invocation/call-statistics';
import type { FunctionEntry, ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { SLICE } from '@shoal/domain/shared/for-each-in-slices';
import type { FunctionSummary, PlatformStatus } from './events.dto';
import type { QueueCounts } from './queue-counts';
import { rounded } from './rounded';
import type { Schedules } from './schedules';

export interface LiveViewOptions {
  readonly directory: ReplicaDirectory;
  readonly statistics: CallStatistics;
  readonly queueCounts: QueueCounts;
  readonly schedules: Schedules;
  /** Calls of a function that have ended since the gateway started. */
  readonly invocations: (functionKey: string) => number;
  /** Why functions cannot be managed now; `undefined` when they can. */
  readonly problem: () => string | undefined;
  /** What does not change. */
  readonly gateway: Pick<PlatformStatus, 'provider' | 'version' | 'namespace' | 'startedAt'>;
}

/** A function as it was seen. */
interface Seen {
  readonly summary: FunctionSummary;
  readonly state: FunctionState;
  readonly lastCallMs: number | undefined;
}

/** What there is to see at one moment. */
export interface View {
  /** By key. */
  readonly functions: ReadonlyMap<string, Seen>;
  readonly platform: PlatformStatus;
}

/** Of all functions together. */
interface Sum {
  callsPerSecond: number;
  /** Of the last minute, as `failed`. */
  ended: number;
  failed: number;
  inFlight: number;
}

/** What of a function changes without anybody having changed it. */
interface Activity {
  readonly recent: RecentCalls | undefined;
  readonly inFlight: number;
  readonly lastCallMs: number | undefined;
  readonly invocationCount: number;
  readonly waiting: number;
  readonly schedule: string | undefined;
  readonly dead: number | undefined;
}

/** Looks at all functions and at the platform. */
export class LiveView {
  constructor(private readonly options: LiveViewOptions) {}

  /** A function that is as in `before` has the same summary, the very object. Pauses after each slice of functions, so that others can have a turn. */
  *look(before: View['functions']): Generator<undefined, View> {
    const { directory, queueCounts, problem, gateway } = this.options;
    const functions = new Map<string, Seen>();
    const sum: Sum = { callsPerSecond: 0, ended: 0, failed: 0, inFlight: 0 };
    let left = SLICE;
    for (const entry of directory.all()) {
      const activity = this.activityOf(entry);
      add(activity, sum);
      functions.set(entry.key, see(entry, activity, before.get(entry.key)));
      if (--left > 0) continue;
      yield;
      left = SLICE;
    }
    const because = problem();
    const { totals } = queueCounts;
    return {
      functions,
      platform: {
        ready: because === undefined,
        ...(because === undefined ? {} : { because }),
        ...gateway,
        functions: functions.size,
        callsPerSecond: rounded(sum.callsPerSecond, 2),
        ...(sum.ended === 0 ? {} : { errorRate: rounded(sum.failed / sum.ended, 3) }),
        inFlight: sum.inFlight,
        ...(totals ? { queue: totals } : {}),
      },
    };
  }

  private activityOf({ key, waitingCount }: FunctionEntry): Activity {
    const { statistics, queueCounts, schedules, invocations } = this.options;
    return {
      recent: statistics.recent(key),
      inFlight: statistics.inFlight(key),
      lastCallMs: statistics.lastCallMs(key),
      invocationCount: invocations(key),
      waiting: waitingCount,
      schedule: schedules.of(key)?.cron,
      dead: queueCounts.deadOf(key),
    };
  }
}

function add({ recent, inFlight }: Activity, sum: Sum): void {
  sum.inFlight += inFlight;
  if (!recent) return;
  sum.callsPerSecond += recent.callsPerSecond;
  sum.ended += recent.ended;
  sum.failed += recent.failed;
}

function see({ key, state }: FunctionEntry, activity: Activity, known: Seen | undefined): Seen {
  // So it is with most functions at most times.
  if (known?.state === state && isQuiet(known, activity)) return known;
  const summary = summaryOf(key, state, activity);
  return { summary: known && isSame(known.summary, summary) ? known.summary : summary, state, lastCallMs: activity.lastCallMs };
}

/** Whether nothing has come of calls since it was seen, which was already so then. */
function isQuiet({ summary, lastCallMs }: Seen, activity: Activity): boolean {
  return (
    activity.recent === undefined &&
    summary.errorRate === undefined &&
    activity.inFlight === summary.inFlight &&
    activity.lastCallMs === lastCallMs &&
    activity.invocationCount === summary.invocationCount &&
    activity.waiting === summary.waiting &&
    activity.schedule === summary.schedule &&
    activity.dead === summary.dead
  );
}

function summaryOf(key: string, state: FunctionState, activity: Activity): FunctionSummary {
  const { spec, replicas, ready, createdAt } = state;
  const { recent, inFlight, lastCallMs, invocationCount, waiting, schedule, dead } = activity;
  return {
    key,
    name: spec.id.name,
    namespace: spec.id.namespace,
    image: spec.image,
    ...conditionOf(state),
    replicas,
    availableReplicas: ready.length,
    invocationCount,
    callsPerSecond: rounded(recent?.callsPerSecond ?? 0, 2),
    ...(recent ? { errorRate: rounded(recent.failed / recent.ended, 3) } : {}),
    ...(recent?.p95Ms === undefined ? {} : { p95Ms: rounded(recent.p95Ms, 1) }),
    inFlight,
    waiting,
    ...(lastCallMs === undefined ? {} : { lastCallAt: new Date(lastCallMs).toISOString() }),
    createdAt,
    ...(schedule === undefined ? {} : { schedule }),
    ...(dead === undefined ? {} : { dead }),
  };
}

/** Of two that are made by the same rules: they have texts and numbers only. */
function isSame(a: FunctionSummary, b: FunctionSummary): boolean {
  for (const field in b) if (a[field as keyof FunctionSummary] !== b[field as keyof FunctionSummary]) return false;
  return Object.keys(a).length === Object.keys(b).length;
}
