import type { Condition } from '@shoal/domain/functions/function-condition';

/** A function in the list, as `GET /system/events` tells it. */
export interface FunctionSummary {
  /** `name.namespace` */
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly state: Condition;
  /** Why it is in that state, in a sentence. */
  readonly because?: string;
  readonly replicas: number;
  readonly availableReplicas: number;
  readonly invocationCount: number;
  readonly callsPerSecond: number;
  /** 0 to 1, of the last minute; absent without calls. */
  readonly errorRate?: number;
  readonly p95Ms?: number;
  readonly inFlight: number;
  readonly waiting: number;
  readonly lastCallAt?: string;
  readonly createdAt: string;
  /** Cron expression. */
  readonly schedule?: string;
  /** Asynchronous calls that failed for good. */
  readonly dead?: number;
}

/** The platform as a whole. */
export interface PlatformStatus {
  readonly ready: boolean;
  readonly because?: string;
  readonly provider: string;
  readonly version: string;
  /** The default one. */
  readonly namespace: string;
  readonly functions: number;
  readonly callsPerSecond: number;
  readonly errorRate?: number;
  readonly inFlight: number;
  readonly startedAt: string;
  readonly queue?: { readonly queued: number; readonly running: number; readonly dead: number };
}
