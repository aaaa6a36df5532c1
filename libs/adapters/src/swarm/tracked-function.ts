import type { FunctionState, Replica } from '@shoal/domain/functions/function-provider';
import type { FunctionSpec } from '@shoal/domain/functions/function-spec';
import { candidatesOf, describeFailure, failureCause, failuresSince, hasSurplus, isRolledBack, isSettled, isUpdating, replicasOf, unplaced, type Autopsy, type Candidate, type FailureCause } from './replica-state';
import { untilReady } from './replica-probe';
import { maxInflightOf, portOf } from './service-spec';
import type { Service, ServiceSpec, Task } from './swarm-types';

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

/** What is known of a task besides what Swarm says of it. */
interface Notes {
  /** Its container was told to end, or has: what a later look still says of it is old. */
  ended: boolean;
  /** Its container is known to run, although the task is only `starting`. */
  started: boolean;
  startingSinceMs: number | undefined;
  probe: Probe | undefined;
  /** Present while it takes calls. */
  replica: Replica | undefined;
  /** Why it failed: being found out, or found. */
  failure: 'examining' | { readonly because: string } | undefined;
}

/**
 * What Swarm says of one function, and what its replicas say themselves. A replica takes calls from when it answers
 * until its task is no longer wanted, its container ends, or nothing answers at its address.
 */
export class TrackedFunction {
  private tasks: readonly Task[] = [];
  private readonly notes = new Map<string, Notes>();
  private readonly beganMs = Date.now();
  private rolledBack: string | undefined;
  /** Whether this watch has seen a new version deployed, and none of its replicas take calls yet. */
  private unproven = false;
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
    const ready = replicas === 0 ? [] : this.ready;
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
    return isSettled(this.service, this.tasks, this.ready.length);
  }

  setService(service: Service, spec: FunctionSpec): void {
    if (generationOf(service.Spec) > generationOf(this.service.Spec)) {
      // Whatever changes a service makes Swarm forget that it went back; we do only when something new is deployed.
      this.rolledBack = undefined;
      this.unproven = true;
    }
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
    this.notesOf(taskId).started = true;
    this.judge();
  }

  /** The engine has told a container of ours to end, or has seen it end. */
  containerEnding(taskId: string): void {
    const notes = this.notesOf(taskId);
    notes.ended = true;
    drop(notes);
    this.options.changed();
  }

  /** Nothing answers at a replica's address: it gets no calls until something does. */
  lost(replicaId: string): void {
    const notes = this.notes.get(replicaId);
    if (!notes?.replica) return;
    notes.replica = undefined;
    this.judge();
  }

  /** The replicas that take calls, of those nodes. */
  readyOn(isNode: (nodeId: string | undefined) => boolean): readonly Replica[] {
    return this.tasks.flatMap(({ ID, NodeID }) => (isNode(NodeID) ? (this.notes.get(ID)?.replica ?? []) : []));
  }

  /**
   * Why the version that was deployed last has to go: its replicas run, but none of them has ever listened. To Swarm, which
   * looks no further without a health check, such an update has succeeded. Nothing that has worked is taken back for being
   * silent now, nor what was deployed before this watch began: it may be our own network that fails.
   */
  get deafBecause(): string | undefined {
    const before = this.service.PreviousSpec;
    const canGoBack = before !== undefined && generationOf(before) < generationOf(this.service.Spec);
    return this.unproven && canGoBack && this.ready.length === 0 ? this.silenceOf() : undefined;
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
    for (const notes of this.notes.values()) drop(notes);
  }

  private get ready(): readonly Replica[] {
    return [...this.notes.values()].flatMap(({ replica }) => replica ?? []);
  }

  private notesOf(taskId: string): Notes {
    let notes = this.notes.get(taskId);
    if (!notes) this.notes.set(taskId, (notes = { ended: false, started: false, startingSinceMs: undefined, probe: undefined, replica: undefined, failure: undefined }));
    return notes;
  }

  private judge(): void {
    const candidates = candidatesOf(this.tasks, this.options.networkId).filter(({ task }) => !this.notes.get(task.ID)?.ended);
    const kept = new Set(candidates.map(({ task }) => task.ID));
    for (const [id, notes] of this.notes) if (!kept.has(id)) drop(notes);
    for (const candidate of candidates) this.probeWhenUp(candidate);
    this.examineFailures();
    this.options.changed();
  }

  private forgetAllBut(known: ReadonlySet<string>): void {
    for (const [id, notes] of this.notes) {
      if (known.has(id)) continue;
      drop(notes);
      this.notes.delete(id);
    }
  }

  /**
   * Not before the container's network is there: a packet to an address that nobody has yet delays the next ones by up to
   * a second.
   */
  private probeWhenUp({ task, address }: Candidate): void {
    const { ID: id, Status } = task;
    const notes = this.notesOf(id);
    if (notes.replica || notes.probe) return;
    if (Status.State === 'starting' && !notes.started) {
      notes.startingSinceMs ??= Date.now();
      if (Date.now() - notes.startingSinceMs < STARTING_PROBE_AFTER_MS) return;
    }
    const baseUrl = `http://${address}:${portOf(task.Spec.ContainerSpec)}`;
    const probe: Probe = { stop: new AbortController(), startedMs: Date.now(), problem: undefined };
    notes.probe = probe;
    untilReady(baseUrl, probe.stop.signal, (problem) => (probe.problem = problem)).then(
      () => {
        notes.probe = undefined;
        notes.replica = { id, baseUrl, maxInflight: maxInflightOf(task.Spec.ContainerSpec) };
        if ((task.Spec.ForceUpdate ?? 0) === generationOf(this.service.Spec)) this.unproven = false;
        this.options.changed();
      },
      () => undefined, // It was told to stop.
    );
  }

  private notReadyBecause(): string | undefined {
    const told = this.failureOf(this.recentFailure());
    if (told !== undefined) return told;
    const pending = unplaced(this.tasks, Date.now());
    if (pending) return pending.Status.Err;
    return this.silenceOf();
  }

  /** An update that cannot begin takes nothing away, and would never be heard of. */
  private stuckBecause(): string | undefined {
    const pending = isUpdating(this.service) ? unplaced(this.tasks, Date.now()) : undefined;
    return pending && `the update waits: ${pending.Status.Err}`;
  }

  private silenceOf(): string | undefined {
    const probes = [...this.notes.values()].flatMap(({ probe }) => probe ?? []);
    const silent = probes.find(({ startedMs, problem }) => problem !== undefined && Date.now() - startedMs > this.options.silenceMs);
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
    if (isRolledBack(this.service)) this.rolledBack ??= last ? this.failureOf(last) : this.service.UpdateStatus?.Message;
  }

  /** The task for which Swarm went back, as long as it says so; else the one that failed last. */
  private blamed(): Task | undefined {
    const id = /task (\w+)/.exec(this.service.UpdateStatus?.Message ?? '')?.[1];
    return this.tasks.find(({ ID }) => ID === id) ?? failuresSince(this.tasks, 0)[0];
  }

  private failureOf(task: Task | undefined): string | undefined {
    const failure = task && this.notes.get(task.ID)?.failure;
    return typeof failure === 'object' ? failure.because : undefined;
  }

  /** Once a task: its end does not change. */
  private examine(task: Task): void {
    const notes = this.notesOf(task.ID);
    if (notes.failure) return;
    notes.failure = 'examining';
    void this.options.examine(task).then((autopsy) => {
      notes.failure = { because: describeFailure(task, this.service, autopsy) };
      if (Date.parse(task.Status.Timestamp) > this.beganMs) this.options.failed(failureCause(task, autopsy));
      this.examineFailures();
      this.options.changed();
    });
  }
}

function drop(notes: Notes): void {
  notes.probe?.stop.abort();
  notes.probe = undefined;
  notes.replica = undefined;
}

/** Counts up with each deployment, and back when Swarm goes back. */
function generationOf({ TaskTemplate }: ServiceSpec): number {
  return TaskTemplate.ForceUpdate ?? 0;
}

/** Changes when a task gets on, or another one is there. */
function stagesOf(tasks: readonly Task[]): string {
  return tasks.map(({ ID, DesiredState, Status }) => `${ID} ${DesiredState} ${Status.State}`).join();
}
