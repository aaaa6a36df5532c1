/** The load of one function, of all its replicas together. */
export interface FunctionLoad {
  /** Calls started in a second, whatever became of them. */
  readonly callsPerSecond: number;
  /** Calls at a time, those that wait among them. */
  readonly concurrency: number;
  /** Calls that wait now. */
  readonly waiting: number;
  /** Calls in the queue that have not been begun; absent where there are none. */
  readonly queued?: number;
  /** For how long there has been none, in milliseconds; 0 while there is one. */
  readonly idleMs: number;
  /** How long a replica takes for one call, on average; absent while nobody can say. */
  readonly serviceMs?: number;
  /** The fewest calls that replicas had at any time, as far as that was looked at; absent like `serviceMs`. */
  readonly running?: number;
  /** Thousandths of a CPU in use, where that is measured. */
  readonly cpuMillis?: number;
}

/**
 * Measures the load of functions over the last few seconds.
 *
 * May reject with `backend-unavailable`.
 */
export interface MetricsSource {
  /** By `functionKey`, of all functions of which it knows anything. */
  measure(): Promise<ReadonlyMap<string, FunctionLoad>>;
}
