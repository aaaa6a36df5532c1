import type { FunctionState, Replica } from '@shoal/domain/functions/function-provider';
import type { FunctionSpec } from '@shoal/domain/functions/function-spec';
import { candidatesOf, describeFailure, failureCause, failuresSince, hasSurplus, isRolledBack, isSettled, isUpdating, replicasOf, unplaced, type Autopsy, type Candidate, type FailureCause } from './replica-state';
import { untilReady } from './replica-probe';
import { maxInflightOf, portOf } from './service-spec';
import type { Service, Task } from './swarm-types';

/** A container with a health check is `starting` until that has passed; by then it has run for some time. */
const STARTING_PROBE_AFTER_MS = 1_000;
export interface TrackedFunctionOptions {
  /** Id of the network on which replicas are called. */
  readonly networkId: string;
  readonly networkName: string;
  /** How long a replica that runs may be silent before that is given as the reason why it is not ready. */
  readonly silenceMs: number;
  /** What can be learned of the container of a task that has ended. Never rejects. */
  readonly examine: (task: Task) => Promise<Autopsy>;
  /** The state may have changed. */
  readonly changed: () => void;
  /** A replica has failed, after this watch began. */
  readonly failed: (cause: FailureCause) => void;
}

interface Probe {
  readonly stop: AbortController;
  readonly startedMs: number;
  problem: string | undefined;
}

/**
 * What Swarm says of one function, and what its replicas say themselves. A replica takes calls from when it answers
 * until its task is no longer wanted, its container ends, or nothing answers at its address.
 */
export class TrackedFunction {
  private tasks: readonly Task[] = [];
  private readonly probes = new Map<string, Probe>();
  private readonly ready = new Map<string, Replica>();
  /** Tasks whose container was told to end, or has: what a later look still says of them is old. */
  private readonly ended = new Set<string>();
  /** Tasks whose container is known to run, although its task is only `starting`. */
  private readonly started = new Set<string>();
  private readonly startingSince = new Map<string, number>();
  /** Why tasks failed, by task; `undefined` while that is being found out. */
  private readonly failures = new Map<string, string | undefined>();
  private readonly beganMs = Date.now();
  private rolledBack: string | undefined;
  private surplusLooks = 0;
  /** When its service, or the state of a task, last changed. */
  gotOnMs = Date.now();

  constructor(
    public service: Service,
    public spec: FunctionSpec,
    private readonly options: TrackedFunctionOptions,
  ) {}

  get state(): FunctionState {
    const replicas = replicasOf(this.service);
    const ready = replicas === 0 ? [] : [...this.ready.values()];
    const because = ready.length < replicas ? this.notReadyBecause() : this.stuckBecause();
    const rolledBackBecause = this.rolledBack;
    return {
      spec: this.spec,
      createdAt: new Date(this.service.CreatedAt).toISOString(),
      replicas,
      ready,
      ...(isUpdating(this.service) ? { updating: true } : {}),
      ...(because === undefined ? {} : { notReadyBecause: because }),
      ...(rolledBackBecause === undefined ? {} : { rolledBackBecause }),
    };
  }

  /** Whether all that was asked for is there. */
  get settled(): boolean {
    return isSettled(this.service, this.tasks, this.ready.size);
  }

  setService(service: Service, spec: FunctionSpec): void {
    // Whatever changes a service makes Swarm forget that it went back; we do only when something new is deployed.
    if (generationOf(service) > generationOf(this.service)) this.rolledBack = undefined;
    this.service = service;
    this.spec = spec;
    this.gotOnMs = Date.now();
    this.options.changed();
  }

  /** All tasks of the service, those that have ended among them. */
  setTasks(tasks: readonly Task[]): void {
    if (stagesOf(tasks) !== stagesOf(this.tasks)) this.gotOnMs = Date.now();
    this.tasks = tasks;
    this.forgetAllBut(new Set(tasks.map(({ ID }) => ID)));
    this.judge();
  }

  /** The engine has seen a container of ours start. */
  containerStarted(taskId: string): void {
    this.started.add(taskId);
    this.judge();
  }

  /** The engine has told a container of ours to end, or has seen it end. */
  containerEnding(taskId: string): void {
    this.ended.add(taskId);
    this.drop(taskId);
    this.options.changed();
  }

  /** Nothing answers at a replica's address: it gets no calls until something does. */
  lost(replicaId: string): void {
    if (this.ready.delete(replicaId)) this.judge();
  }

  /** The replicas that take calls, of those nodes. */
  readyOn(isNode: (nodeId: string | undefined) => boolean): readonly Replica[] {
    return this.tasks.flatMap(({ ID, NodeID }) => (isNode(NodeID) ? (this.ready.get(ID) ?? []) : []));
  }

  /**
   * Why the version that was deployed last has to go: its replicas run, but none of them listens. To Swarm, which looks no
   * further without a health check, such an update has succeeded.
   */
  get deafBecause(): string | undefined {
    const before = this.service.PreviousSpec;
    const isNew = before !== undefined && (before.TaskTemplate.ForceUpdate ?? 0) < generationOf(this.service);
    return isNew && this.ready.size === 0 ? this.silenceOf() : undefined;
  }

  /** The version before is being brought back, for this reason. */
  wentBack(because: string): void {
    this.rolledBack = because;
  }

  /** How many looks in a row, this one among them, have found more replicas meant to run than asked for. */
  looksWithSurplus(): number {
    this.surplusLooks = hasSurplus(this.service, this.tasks) ? this.surplusLooks + 1 : 0;
    return this.surplusLooks;
  }

  stop(): void {
    for (const { stop } of this.probes.values()) stop.abort();
  }

  private judge(): void {
    const candidates = candidatesOf(this.tasks, this.options.networkId).filter(({ task }) => !this.ended.has(task.ID));
    const kept = new Set(candidates.map(({ task }) => task.ID));
    for (const id of [...this.ready.keys(), ...this.probes.keys()]) if (!kept.has(id)) this.drop(id);
    for (const candidate of candidates) this.probeWhenUp(candidate);
    this.examineFailures();
    this.options.changed();
  }

  private forgetAllBut(known: ReadonlySet<string>): void {
    for (const memory of [this.ended, this.started]) for (const id of memory) if (!known.has(id)) memory.delete(id);
    for (const memory of [this.startingSince, this.failures]) for (const id of memory.keys()) if (!known.has(id)) memory.delete(id);
  }

  private drop(taskId: string): void {
    this.ready.delete(taskId);
    this.probes.get(taskId)?.stop.abort();
    this.probes.delete(taskId);
  }

  /**
   * Not before the container's network is there: a packet to an address that nobody has yet delays the next ones by up to
   * a second.
   */
  private probeWhenUp({ task, address }: Candidate): void {
    const { ID: id, Status } = task;
    if (this.ready.has(id) || this.probes.has(id)) return;
    if (Status.State === 'starting' && !this.started.has(id)) {
      const since = this.startingSince.get(id) ?? Date.now();
      this.startingSince.set(id, since);
      if (Date.now() - since < STARTING_PROBE_AFTER_MS) return;
    }
    const baseUrl = `http://${address}:${portOf(task.Spec.ContainerSpec)}`;
    const probe: Probe = { stop: new AbortController(), startedMs: Date.now(), problem: undefined };
    this.probes.set(id, probe);
    untilReady(baseUrl, probe.stop.signal, (problem) => (probe.problem = problem)).then(
      () => {
        this.probes.delete(id);
        this.ready.set(id, { id, baseUrl, maxInflight: maxInflightOf(task.Spec.ContainerSpec) });
        this.options.changed();
      },
      () => undefined, // It was told to stop.
    );
  }

  private notReadyBecause(): string | undefined {
    const failure = this.recentFailure();
    const told = failure && this.failures.get(failure.ID);
    if (told !== undefined) return told;
    const pending = unplaced(this.tasks);
    if (pending) return pending.Status.Err;
    return this.silenceOf();
  }

  /** An update that cannot begin takes nothing away, and would never be heard of. */
  private stuckBecause(): string | undefined {
    const pending = isUpdating(this.service) ? unplaced(this.tasks) : undefined;
    return pending && `the update waits: ${pending.Status.Err}`;
  }

  private silenceOf(): string | undefined {
    const silent = [...this.probes.values()].find(({ startedMs, problem }) => problem !== undefined && Date.now() - startedMs > this.options.silenceMs);
    if (!silent) return undefined;
    return `a replica runs, but cannot be called at port ${portOf(this.service.Spec.TaskTemplate.ContainerSpec!)} on network ${this.options.networkName}: ${silent.problem}`;
  }

  /** Since the service was last changed: what failed before says nothing about now. */
  private recentFailure(): Task | undefined {
    return failuresSince(this.tasks, Date.parse(this.service.UpdatedAt))[0];
  }

  private examineFailures(): void {
    for (const task of failuresSince(this.tasks, this.beganMs)) this.examine(task);
    const last = this.blamed();
    // Nobody has watched it, but it still explains what is.
    if (last && (isRolledBack(this.service) || !this.settled)) this.examine(last);
    if (isRolledBack(this.service)) this.rolledBack ??= last ? this.failures.get(last.ID) : this.service.UpdateStatus?.Message;
  }

  /** The task for which Swarm went back, as long as it says so; else the one that failed last. */
  private blamed(): Task | undefined {
    const id = /task (\w+)/.exec(this.service.UpdateStatus?.Message ?? '')?.[1];
    return this.tasks.find(({ ID }) => ID === id) ?? failuresSince(this.tasks, 0)[0];
  }

  /** Once a task: its end does not change. */
  private examine(task: Task): void {
    if (this.failures.has(task.ID)) return;
    this.failures.set(task.ID, undefined);
    void this.options.examine(task).then((autopsy) => {
      this.failures.set(task.ID, describeFailure(task, this.service, autopsy));
      if (Date.parse(task.Status.Timestamp) > this.beganMs) this.options.failed(failureCause(task, autopsy));
      this.examineFailures();
      this.options.changed();
    });
  }
}

/** Counts up with each deployment, and back when Swarm goes back. */
function generationOf({ Spec }: Service): number {
  return Spec.TaskTemplate.ForceUpdate ?? 0;
}

/** Changes when a task gets on, or another one is there. */
function stagesOf(tasks: readonly Task[]): string {
  return tasks.map(({ ID, DesiredState, Status }) => `${ID} ${DesiredState} ${Status.State}`).join();
}
