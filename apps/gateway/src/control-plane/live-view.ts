import { conditionOf } from '@shoal/domain/functions/function-condition';
import type { CallStatistics } from '@shoal/domain/invocation/call-statistics';
import type { FunctionEntry, ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
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

/** What there is to see at one moment. */
export interface View {
  /** By key. */
  readonly functions: ReadonlyMap<string, FunctionSummary>;
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

/** Looks at all functions and at the platform. */
export class LiveView {
  constructor(private readonly options: LiveViewOptions) {}

  /** A summary that is as in `before` is the same object. */
  look(before: View['functions']): View {
    const { directory, queueCounts, problem, gateway } = this.options;
    const functions = new Map<string, FunctionSummary>();
    const sum: Sum = { callsPerSecond: 0, ended: 0, failed: 0, inFlight: 0 };
    for (const entry of directory.all()) {
      const summary = this.summaryOf(entry, sum);
      const known = before.get(entry.key);
      functions.set(entry.key, known && isSame(known, summary) ? known : summary);
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

  private summaryOf({ key, state, waitingCount }: FunctionEntry, sum: Sum): FunctionSummary {
    const { statistics, queueCounts, schedules, invocations } = this.options;
    const { spec, replicas, ready, createdAt } = state;
    const recent = statistics.recent(key);
    const inFlight = statistics.inFlight(key);
    const lastCallMs = statistics.lastCallMs(key);
    const schedule = schedules.of(key)?.cron;
    const dead = queueCounts.deadOf(key);
    sum.inFlight += inFlight;
    sum.callsPerSecond += recent?.callsPerSecond ?? 0;
    sum.ended += recent?.ended ?? 0;
    sum.failed += recent?.failed ?? 0;
    return {
      key,
      name: spec.id.name,
      namespace: spec.id.namespace,
      image: spec.image,
      ...conditionOf(state),
      replicas,
      availableReplicas: ready.length,
      invocationCount: invocations(key),
      callsPerSecond: rounded(recent?.callsPerSecond ?? 0, 2),
      ...(recent ? { errorRate: rounded(recent.failed / recent.ended, 3) } : {}),
      ...(recent?.p95Ms === undefined ? {} : { p95Ms: rounded(recent.p95Ms, 1) }),
      inFlight,
      waiting: waitingCount,
      ...(lastCallMs === undefined ? {} : { lastCallAt: new Date(lastCallMs).toISOString() }),
      createdAt,
      ...(schedule === undefined ? {} : { schedule }),
      ...(dead === undefined ? {} : { dead }),
    };
  }
}

/** Of two that are made by the same rules: they have texts and numbers only. */
function isSame(a: FunctionSummary, b: FunctionSummary): boolean {
  for (const field in b) if (a[field as keyof FunctionSummary] !== b[field as keyof FunctionSummary]) return false;
  return Object.keys(a).length === Object.keys(b).length;
}
