/** Objects of the Docker Engine API (1.41 and later), as far as they are read or written here. Durations are nanoseconds. */

export interface SecretReference {
  readonly SecretID: string;
  readonly SecretName: string;
  readonly File: { readonly Name: string; readonly UID: string; readonly GID: string; readonly Mode: number };
}

export interface ContainerSpec {
  readonly Image: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Env?: readonly string[];
  readonly ReadOnly?: boolean;
  readonly Mounts?: readonly { readonly Type: string; readonly Target: string }[];
  readonly Secrets?: readonly SecretReference[];
  readonly StopGracePeriod?: number;
}

export interface Amounts {
  readonly MemoryBytes?: number;
  readonly NanoCPUs?: number;
}

interface UpdateConfig {
  readonly Parallelism: number;
  readonly Order: 'start-first' | 'stop-first';
  readonly FailureAction: 'rollback' | 'pause' | 'continue';
  readonly Monitor: number;
  readonly MaxFailureRatio: number;
}

export interface ServiceSpec {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly TaskTemplate: {
    readonly ContainerSpec?: ContainerSpec;
    readonly Resources?: { readonly Limits?: Amounts; readonly Reservations?: Amounts };
    readonly RestartPolicy?: { readonly Condition: string; readonly Delay: number };
    readonly Placement?: { readonly Constraints?: readonly string[] };
    readonly Networks?: readonly { readonly Target: string }[];
    readonly ForceUpdate?: number;
  };
  /** Where services of old clients say it. */
  readonly Networks?: readonly { readonly Target: string }[];
  readonly Mode: { readonly Replicated?: { readonly Replicas?: number } };
  readonly UpdateConfig?: UpdateConfig;
  readonly RollbackConfig?: UpdateConfig;
  readonly EndpointSpec?: { readonly Mode: 'dnsrr' | 'vip' };
}

export interface Service {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Spec: ServiceSpec;
  /** What it was before the last update; what Swarm takes it back to. */
  readonly PreviousSpec?: ServiceSpec;
  readonly UpdateStatus?: { readonly State?: string; readonly Message?: string };
}

export type TaskState =
  | 'new'
  | 'allocated'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'remove'
  | 'orphaned';

export interface Task {
  readonly ID: string;
  readonly ServiceID: string;
  readonly CreatedAt: string;
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly DesiredState: TaskState;
  readonly Spec: { readonly ContainerSpec: ContainerSpec; readonly Resources?: { readonly Limits?: Amounts }; readonly ForceUpdate?: number };
  readonly Status: {
    readonly Timestamp: string;
    readonly State: TaskState;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ContainerID?: string; readonly ExitCode?: number };
  };
  readonly NetworksAttachments?: readonly { readonly Network: { readonly ID: string }; readonly Addresses?: readonly string[] }[];
}

/** What the engine tells as it happens, one JSON object a line. */
export interface EngineEvent {
  /** `service`, `container`, `node` and others. */
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}
