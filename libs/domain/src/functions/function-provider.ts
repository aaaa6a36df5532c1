import type { FunctionId, FunctionSpec } from './function-spec';

/** One running copy of a function that can take calls. */
export interface Replica {
  /** Unique among all replicas of its function, past and present. */
  readonly id: string;
  /** Where it listens, with a path prefix or without: `http://127.0.0.1:41234/ab12/r7`. */
  readonly baseUrl: string;
  /** How many calls it takes at once. */
  readonly maxInflight: number;
}

/** A function as it is now. */
export interface FunctionState {
  readonly spec: FunctionSpec;
  /** RFC 3339. */
  readonly createdAt: string;
  /** How many replicas are asked for. */
  readonly replicas: number;
  /** Those that can take calls. */
  readonly ready: readonly Replica[];
  /** Whether a new version is taking the place of the one before. */
  readonly updating?: boolean;
  /** Why fewer than asked for are ready, or an update does not begin, in the backend's words; absent while they are merely starting. */
  readonly notReadyBecause?: string;
  /** Why the last update was taken back, in the backend's words; absent when it was not, or is still under way. */
  readonly rolledBackBecause?: string;
}

export type FunctionChange =
  | { readonly kind: 'present'; readonly state: FunctionState }
  | { readonly kind: 'removed'; readonly id: FunctionId };

/** What a provider says of itself (wire contract §1.4.7). */
export interface ProviderInfo {
  readonly provider: string;
  readonly orchestration: string;
}

export type StopWatching = () => void;

/**
 * Where functions run: a Swarm, a Kubernetes cluster, or processes on this machine.
 *
 * Every method may reject with `backend-unavailable`. Safe to call concurrently.
 */
export interface FunctionProvider {
  readonly info: ProviderInfo;
  /**
   * Creates the function with its policy's minimum of replicas, or replaces it when it exists and keeps as many as
   * it has, within its new minimum and maximum. Resolves once accepted, not once ready.
   * Rejects with `invalid-request` what this backend can never run; then nothing has changed.
   */
  apply(spec: FunctionSpec): Promise<void>;
  /** Removes the function and its replicas, once their calls have ended; no error when there is none. */
  remove(id: FunctionId): Promise<void>;
  /** Asks for `replicas` (0 or more); visible in `find` at once. Rejects with `function-not-found`. */
  scale(id: FunctionId, replicas: number): Promise<void>;
  find(id: FunctionId): Promise<FunctionState | undefined>;
  /** Sorted by name. An unknown namespace has no functions. */
  list(namespace: string): Promise<readonly FunctionState[]>;
  /**
   * Tells `listener` of each function now, then whenever one changes. Resolves when it has been told of all that
   * there are; resumes by itself after an outage. The listener must not throw.
   */
  watch(listener: (change: FunctionChange) => void): Promise<StopWatching>;
}
