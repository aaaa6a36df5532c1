import { request } from '../api/client';
import { functionPath } from '../api/function-status';
import { serverNowMs } from '../api/server-clock';
import type { FunctionSummary } from '../live/summary';

/** The last ten minutes of a function, as `GET /system/function/NAME/statistics` tells them. */
export interface FunctionStatistics {
  readonly stepSeconds: number;
  /** The oldest first; steps in which no call ended or ran are left out. */
  readonly points: readonly CallsPoint[];
  /** How it was in the beginning, and each change. */
  readonly replicas: readonly ReplicasPoint[];
}

export interface CallsPoint {
  readonly at: string;
  /** Calls that ended in the step. */
  readonly statuses: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx', number>>;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  /** The most at a time. */
  readonly inFlight: number;
}

export interface ReplicasPoint {
  readonly at: string;
  readonly wanted: number;
  readonly ready: number;
}

export interface StatisticsReading extends FunctionStatistics {
  /** By the gateway's clock: this browser's may be another time. */
  readonly nowMs: number;
}

export async function readStatistics(fn: FunctionSummary, signal: AbortSignal): Promise<StatisticsReading> {
  const statistics = await request<FunctionStatistics>('GET', functionPath(fn, 'statistics'), { signal });
  return { ...statistics, nowMs: serverNowMs() };
}
