/** What the gateway's REST API answers, as far as commands use it (CONTRACT.md §1.4, and `/docs` of a gateway). */
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
  readonly schedule?: { readonly next?: string; readonly last?: string };
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
