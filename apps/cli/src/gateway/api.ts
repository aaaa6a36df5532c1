/** What the gateway's REST API answers, as far as commands use it (wire contract §1.4, and `/docs` of a gateway). */
export interface FunctionStatus {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly envProcess?: string;
  readonly envVars?: Readonly<Record<string, string>>;
  readonly constraints?: readonly string[];
  readonly secrets?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly limits?: ResourceAmounts;
  readonly requests?: ResourceAmounts;
  readonly readOnlyRootFilesystem?: boolean;
  /** Calls that have ended. */
  readonly invocationCount: number;
  readonly replicas: number;
  readonly availableReplicas: number;
  readonly createdAt?: string;
  readonly schedule?: { readonly cron: string; readonly timeZone: string; readonly missed: string; readonly nextRun?: string; readonly lastRun?: string };
  /** Whether replicas of the version before still take calls. */
  readonly updating?: boolean;
  readonly notReadyBecause?: string;
  readonly rolledBackBecause?: string;
  readonly usage?: { readonly cpu?: number; readonly totalMemoryBytes?: number };
}

export interface ResourceAmounts {
  readonly memory?: string;
  readonly cpu?: string;
}

export interface SystemInfo {
  readonly provider?: ComponentInfo & { readonly provider?: string; readonly orchestration?: string };
  readonly version?: VersionInfo;
  /** Processor, as Go names it. */
  readonly arch?: string;
}

interface ComponentInfo {
  readonly version?: VersionInfo;
}

interface VersionInfo {
  readonly sha?: string;
  readonly release?: string;
}

/** An asynchronous call as it stands (docs/async.md). */
export interface CallStatus {
  readonly id: string;
  /** NAME.NAMESPACE. */
  readonly function: string;
  readonly state: 'queued' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'cancelled';
  readonly acceptedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly nextAttemptAt?: string;
  readonly attempts: number;
  readonly refusals: number;
  readonly outcome?: { readonly status?: number; readonly code?: string; readonly message?: string; readonly durationMs: number };
  readonly callback?: { readonly url: string; readonly state: string; readonly attempts: number; readonly status?: number; readonly message?: string };
  readonly result?: CallResult;
}

interface CallResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Absent when it was longer than what is kept. */
  readonly body?: string;
  readonly encoding?: 'utf8' | 'base64';
}

/** A call that failed for good. */
export interface DeadLetter extends CallStatus {
  readonly method: string;
  readonly path: string;
  readonly bodyBytes: number;
}

export interface QueueOfFunction {
  /** NAME.NAMESPACE. */
  readonly function: string;
  readonly queued: number;
  readonly unfinished: number;
  readonly running: number;
  readonly callbacks: number;
  readonly dead: number;
  readonly perSecond: number;
  readonly oldestSeconds?: number;
}

/** Why a function has as many replicas as it has (docs/scaling.md). */
export interface ScalingStatus {
  readonly policy?: ScalingPolicyStatus;
  readonly problem?: string;
  readonly now?: ScalingRecord;
  /** The latest first. */
  readonly changes: readonly ScalingRecord[];
}

interface ScalingPolicyStatus {
  readonly type: string;
  readonly min: number;
  readonly max: number;
  readonly target: number;
  readonly targetProportion: number;
  readonly downWindowMs: number;
  readonly zero: boolean;
  readonly zeroAfterMs: number;
}

export interface ScalingRecord {
  readonly at: string;
  readonly from: number;
  readonly to: number;
  readonly needed: number;
  readonly reason: string;
  readonly formula: string;
  readonly because: string;
  readonly ready: number;
  readonly load?: number;
  readonly concurrency: number;
  readonly waiting: number;
  readonly error?: string;
}

export interface LogLine {
  readonly name: string;
  readonly namespace: string;
  /** The replica it came from. */
  readonly instance: string;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly text: string;
}
