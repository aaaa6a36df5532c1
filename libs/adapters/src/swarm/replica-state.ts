import { parseMemoryBytes } from '@shoal/domain/shared/quantity';
import { LABEL } from './service-spec';
import type { Service, Task, TaskState } from './swarm-types';

/** A task that is meant to run, and the address at which it can be reached once it does. */
export interface Candidate {
  readonly task: Task;
  readonly address: string;
}

const ALIVE: readonly TaskState[] = ['starting', 'running'];
const ENDED: readonly TaskState[] = ['failed', 'rejected', 'complete', 'orphaned'];
/** Of machines that are down or drained, in Swarm's words. */
const NODES_AWAY = /nodes? not available for new tasks/;
/**
 * A new leader holds machines for down that are well, until they have found it; they try so at least every 8 s. By then what
 * Swarm could not place is placed.
 */
const NODES_BACK_MS = 10_000;
/** As a shell and as Docker report a process that SIGKILL has ended. */
const KILLED = 137;

/** Those of `tasks` whose container runs or is about to, on the network `networkId`. */
export function candidatesOf(tasks: readonly Task[], networkId: string): readonly Candidate[] {
  return tasks.flatMap((task) => {
    if (!isWanted(task) || !ALIVE.includes(task.Status.State)) return [];
    const attachment = task.NetworksAttachments?.find(({ Network }) => Network.ID === networkId);
    const address = attachment?.Addresses?.[0]?.split('/')[0];
    return address === undefined ? [] : [{ task, address }];
  });
}

export function isWanted(task: Task): boolean {
  return task.DesiredState === 'running' || task.DesiredState === 'ready';
}

export function isUpdating({ UpdateStatus }: Service): boolean {
  return UpdateStatus?.State === 'updating' || UpdateStatus?.State === 'rollback_started';
}

export function isRolledBack({ UpdateStatus }: Service): boolean {
  return UpdateStatus?.State?.startsWith('rollback_') ?? false;
}

/** Whether Swarm has nothing left to do for the service, as far as its tasks show. */
export function isSettled(service: Service, tasks: readonly Task[], readyCount: number): boolean {
  const replicas = replicasOf(service);
  return !isUpdating(service) && tasks.filter(isWanted).length === replicas && readyCount === replicas;
}

/** Whether more replicas are meant to run than asked for, although nothing is being replaced. */
export function hasSurplus(service: Service, tasks: readonly Task[]): boolean {
  return !isUpdating(service) && tasks.filter(isWanted).length > replicasOf(service);
}

export function replicasOf({ Spec }: Service): number {
  return Spec.Mode.Replicated?.Replicas ?? 0;
}

/** Those that ended without being asked to, or could not be started, since a moment; the latest first. */
export function failuresSince(tasks: readonly Task[], sinceMs: number): readonly Task[] {
  return tasks
    .filter(({ Status }) => ENDED.includes(Status.State) && timeOf(Status.Timestamp) > sinceMs)
    .sort((a, b) => timeOf(b.Status.Timestamp) - timeOf(a.Status.Timestamp));
}

/** The task that Swarm cannot place, of which it says why; not while the machines that are away may just be on their way back. */
export function unplaced(tasks: readonly Task[], nowMs: number): Task | undefined {
  return tasks.find((task) => {
    const { State, Err } = task.Status;
    if (!isWanted(task) || State !== 'pending' || !Err) return false;
    return !NODES_AWAY.test(Err) || nowMs - timeOf(task.CreatedAt) > NODES_BACK_MS;
  });
}

/** What can be learned of an ended container besides its task. */
export interface Autopsy {
  /** `undefined` when it ran on another machine, and cannot be asked. */
  readonly outOfMemory?: boolean;
  /** The last lines that it wrote. */
  readonly lastLines: readonly string[];
}

export type FailureCause = 'out-of-memory' | 'ended' | 'not-started';

/** Why a replica failed, for counting. */
export function failureCause({ Status, Spec }: Task, { outOfMemory }: Autopsy): FailureCause {
  // Of a container on another machine nothing more can be known.
  const killed = Status.ContainerStatus?.ExitCode === KILLED && Spec.Resources?.Limits?.MemoryBytes !== undefined;
  if (outOfMemory ?? killed) return 'out-of-memory';
  return Status.State === 'rejected' ? 'not-started' : 'ended';
}

/** One sentence that tells why a task does not run: Swarm's own words, or those that its codes stand for. */
export function describeFailure(task: Task, { Spec }: Service, { outOfMemory, lastLines }: Autopsy): string {
  const said = lastLines.length > 0 ? `; its last lines: ${lastLines.join(' | ')}` : '';
  return `${causeOf(task, Spec.Labels?.[`${LABEL.limits}memory`], outOfMemory)}${said}`;
}

function causeOf({ Status, Spec }: Task, writtenLimit: string | undefined, outOfMemory: boolean | undefined): string {
  const limitBytes = Spec.Resources?.Limits?.MemoryBytes;
  const limit = limitBytes === undefined ? undefined : writtenLimit && parseMemoryBytes(writtenLimit) === limitBytes ? writtenLimit : `${limitBytes} bytes`;
  const { ExitCode: code } = Status.ContainerStatus ?? {};
  if (outOfMemory) return `it ran out of memory (limit ${limit ?? 'of the machine'})`;
  if (Status.State === 'complete') return 'its process ended with exit code 0';
  if (!Status.Err || Status.Err.startsWith('task: non-zero exit')) {
    const reason = code === KILLED && outOfMemory === undefined && limit ? `, as one is that reaches its memory limit of ${limit}` : '';
    return code === KILLED ? `it was killed (exit code ${KILLED})${reason}` : `its process ended with exit code ${code ?? 'unknown'}`;
  }
  return Status.Err;
}

function timeOf(timestamp: string): number {
  return Date.parse(timestamp);
}
