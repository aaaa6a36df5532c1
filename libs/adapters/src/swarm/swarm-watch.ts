import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { FunctionChange, FunctionState } from '@shoal/domain/functions/function-provider';
import { functionKey, type FunctionId } from '@shoal/domain/functions/function-spec';
import { messageOf } from '@shoal/domain/shared/errors';
import type { Engine } from './engine';
import { examineTask } from './examine-task';
import type { FailureCause } from './replica-state';
import { isReachable } from './replica-probe';
import { RecentSet } from './recent-set';
import { isOnNetwork, LABEL, toFunctionSpec } from './service-spec';
import type { EngineEvent, Service, Task } from './swarm-types';
import { TrackedFunction } from './tracked-function';
import { updateService } from './update-service';

/** What is on its way to somewhere is looked at so often: the engine tells of no task on another machine. */
const FAST_LOOK_MS = 100;
/** For so long after it last got on; then as seldom as everything. */
const FAST_FOR_MS = 60_000;
/** Everything is looked at so often, whatever the events say. */
const SLOW_LOOK_MS = 2_000;
/** Replicas on other machines are tried so often: such a machine may be gone for long before Swarm says so. */
const REACH_CHECK_MS = 1_000;
const REACH_TIMEOUT_MS = 1_000;
const MAX_REACH_CHECKS = 200;
/** Slow looks in a row that find more replicas than asked for: a step down takes less. */
const SURPLUS_LOOKS = 2;
const MAX_GONE = 1_000;
const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 5_000;

/** SIGTERM and SIGKILL: other signals may mean anything. */
const ENDING_SIGNALS: ReadonlySet<string> = new Set(['15', '9']);
const OURS = { label: [LABEL.name] };
/** Not those of health checks, of which there are more than of all others. */
const EVENTS = { type: ['service', 'container', 'node'], event: ['create', 'update', 'remove', 'start', 'kill', 'die'] } as const;

export interface SwarmWatchOptions {
  readonly defaultNamespace: string;
  readonly network: { readonly id: string; readonly name: string };
  /** See `TrackedFunctionOptions`. */
  readonly silenceMs: number;
  readonly warn: (text: string) => void;
  /** A replica has failed since the watch began. */
  readonly replicaFailed: (id: FunctionId, cause: FailureCause) => void;
}

interface Entry {
  readonly tracked: TrackedFunction;
  /** As last told, to tell only what has changed. */
  told: string;
}

/**
 * Knows all functions of a swarm and which of their replicas take calls. The engine's events tell at once what happens
 * to services anywhere and to containers of this machine; frequent looks at what is not settled find the rest, and a slow
 * look at everything what was missed. While the engine does not answer, what was last known stays.
 */
export class SwarmWatch {
  private readonly entries = new Map<string, Entry>();
  private readonly keys = new Map<string, string>();
  private readonly listeners = new Set<(change: FunctionChange) => void>();
  private readonly ending = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  /** Services that are gone: an answer that was on its way then may still name them. */
  private readonly gone = new RecentSet<string>(MAX_GONE);
  private look: Promise<void> | undefined;
  private lookingFast = false;
  private reachedTo = 0;
  private ownNodeId: string | undefined;
  /** Why the engine cannot be asked; `undefined` while it can. */
  problem: string | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly options: SwarmWatchOptions,
  ) {}

  /** Resolves once everything is known. Rejects with `backend-unavailable` when it cannot be. */
  async start(): Promise<void> {
    const info = await this.engine.ask((docker) => docker.info() as Promise<{ Swarm?: { NodeID?: string } }>);
    this.ownNodeId = info.Swarm?.NodeID;
    await this.lookAtAll();
    void this.followEvents();
    this.timers.push(
      setInterval(() => void this.lookAtUnsettled(), FAST_LOOK_MS),
      setInterval(() => void this.lookAtAll().catch(() => undefined), SLOW_LOOK_MS), // `problem` tells.
      setInterval(() => void this.checkReach(), REACH_CHECK_MS),
    );
    for (const timer of this.timers) timer.unref();
  }

  stop(): void {
    this.ending.abort();
    for (const timer of this.timers) clearInterval(timer);
    for (const { tracked } of this.entries.values()) tracked.stop();
    this.listeners.clear();
  }

  states(): readonly FunctionState[] {
    return [...this.entries.values()].map(({ tracked }) => tracked.state);
  }

  find(id: FunctionId): TrackedFunction | undefined {
    return this.entries.get(functionKey(id))?.tracked;
  }

  subscribe(listener: (change: FunctionChange) => void): () => void {
    this.listeners.add(listener);
    for (const state of this.states()) listener({ kind: 'present', state });
    return () => this.listeners.delete(listener);
  }

  /** Looks at one service now. */
  async refresh(serviceId: string): Promise<void> {
    const service = await this.engine.find((docker) => docker.getService(serviceId).inspect() as Promise<Service>);
    if (!service) return this.forget(serviceId);
    this.take(service);
    await this.lookAtTasks([serviceId]);
  }

  /** The service is no more. */
  forget(serviceId: string): void {
    this.gone.add(serviceId);
    this.drop(serviceId);
  }

  private drop(serviceId: string): void {
    const key = this.keys.get(serviceId);
    if (key === undefined) return;
    this.keys.delete(serviceId);
    const { tracked } = this.entries.get(key)!;
    this.entries.delete(key);
    tracked.stop();
    this.tell({ kind: 'removed', id: tracked.spec.id });
  }

  /** A call has found nobody at a replica's address. */
  suspect(id: FunctionId, replicaId: string): void {
    this.find(id)?.lost(replicaId);
  }

  /** One look at a time: who asks during one gets that. */
  private lookAtAll(): Promise<void> {
    this.look ??= this.takeAll().finally(() => (this.look = undefined));
    return this.look;
  }

  private async takeAll(): Promise<void> {
    // One that is made while the engine answers is not in the answer, but is not gone.
    const known = [...this.keys.keys()];
    try {
      const services = await this.engine.ask((docker) => docker.listServices({ filters: OURS }) as unknown as Promise<Service[]>);
      const current = new Set(services.map(({ ID }) => ID));
      for (const id of known) if (!current.has(id)) this.drop(id);
      for (const service of services) this.take(service);
      // All of the swarm: a task keeps the labels that its service had when it was made.
      await this.lookAtTasks([...this.keys.keys()], {});
      this.setProblem(undefined);
      await this.sayAgain();
      await this.goBack();
    } catch (error) {
      this.setProblem(messageOf(error));
      throw error;
    }
  }

  /**
   * Swarm may lose a scale-down: when a task changes in that moment, its engine notes "update out of sequence" and never
   * tries again. Being told the same once more makes it look again.
   */
  private async sayAgain(): Promise<void> {
    for (const { tracked } of this.entries.values()) {
      if (tracked.looksWithSurplus() < SURPLUS_LOOKS) continue;
      this.options.warn(`function ${functionKey(tracked.spec.id)} keeps more replicas than asked for; telling Swarm again`);
      await updateService(this.engine, tracked.service.ID, ({ Spec }) => Spec);
    }
  }

  private async goBack(): Promise<void> {
    for (const { tracked } of this.entries.values()) {
      const because = tracked.deafBecause;
      if (because === undefined) continue;
      const { ID, Version, Spec } = tracked.service;
      this.options.warn(`function ${functionKey(tracked.spec.id)} goes back to its version before: ${because}`);
      tracked.wentBack(because);
      // Of the version that was judged, and of no later one: another gateway may have done the same.
      const options = { _query: { version: Version.Index, rollback: 'previous' }, _body: Spec };
      await this.engine.ask((docker) => docker.getService(ID).update(options) as Promise<unknown>).catch((error: unknown) => this.options.warn(messageOf(error)));
    }
  }

  private async lookAtUnsettled(): Promise<void> {
    if (this.lookingFast) return;
    this.lookingFast = true;
    const nowMs = Date.now();
    const ids = [...this.entries.values()]
      .filter(({ tracked }) => !tracked.settled && nowMs - tracked.gotOnMs < FAST_FOR_MS)
      .map(({ tracked }) => tracked.service.ID);
    // When it fails, the slow look does too, and says so.
    if (ids.length > 0) await this.lookAtTasks(ids).catch(() => undefined);
    this.lookingFast = false;
  }

  /** Takes the tasks of these services; `filters` finds them, and may find more. */
  private async lookAtTasks(serviceIds: readonly string[], filters: Record<string, readonly string[]> = { service: serviceIds }): Promise<void> {
    if (serviceIds.length === 0) return;
    const tasks = await this.engine.ask((docker) => docker.listTasks({ filters: JSON.stringify(filters) }) as unknown as Promise<Task[]>);
    const tasksOf = new Map<string, Task[]>(serviceIds.map((id) => [id, []]));
    for (const task of tasks) tasksOf.get(task.ServiceID)?.push(task);
    for (const [id, own] of tasksOf) this.byService(id)?.setTasks(own);
  }

  /** A service as it is now, unless something newer is known. */
  private take(service: Service): void {
    if (this.gone.has(service.ID)) return;
    const { defaultNamespace, network } = this.options;
    const spec = isOnNetwork(service, network) ? toFunctionSpec(service, defaultNamespace) : undefined;
    const key = spec && functionKey(spec.id);
    // No function of ours any more, or another one.
    if (this.keys.has(service.ID) && this.keys.get(service.ID) !== key) this.drop(service.ID);
    if (!spec || key === undefined) return;
    const known = this.entries.get(key)?.tracked;
    if (!known) return this.add(key, service, spec);
    // Two services that say they are the same function: the first one is it.
    if (known.service.ID === service.ID && service.Version.Index > known.service.Version.Index) known.setService(service, spec);
  }

  private add(key: string, service: Service, spec: TrackedFunction['spec']): void {
    const { network, silenceMs, replicaFailed } = this.options;
    const tracked = new TrackedFunction(service, spec, {
      networkId: network.id,
      networkName: network.name,
      silenceMs,
      examine: (task) => examineTask(this.engine, task),
      changed: () => this.onChanged(key),
      failed: (cause) => replicaFailed(spec.id, cause),
    });
    this.entries.set(key, { tracked, told: '' });
    this.keys.set(service.ID, key);
    this.onChanged(key);
  }

  private onChanged(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    const { tracked } = entry;
    const { state } = tracked;
    const text = JSON.stringify(state);
    if (text === entry.told) return;
    entry.told = text;
    this.tell({ kind: 'present', state });
  }

  private tell(change: FunctionChange): void {
    for (const listener of this.listeners) listener(change);
  }

  private byService(serviceId: string): TrackedFunction | undefined {
    const key = this.keys.get(serviceId);
    return key === undefined ? undefined : this.entries.get(key)?.tracked;
  }

  /** A part of them at a time, where they are many. */
  private async checkReach(): Promise<void> {
    const elsewhere = (nodeId: string | undefined) => nodeId !== this.ownNodeId;
    const all = [...this.entries.values()].flatMap(({ tracked }) => tracked.readyOn(elsewhere).map((replica) => ({ tracked, replica })));
    if (this.reachedTo >= all.length) this.reachedTo = 0;
    const some = all.slice(this.reachedTo, this.reachedTo + MAX_REACH_CHECKS);
    this.reachedTo += some.length;
    await Promise.all(
      some.map(async ({ tracked, replica: { id, baseUrl } }) => {
        if (!(await isReachable(baseUrl, REACH_TIMEOUT_MS))) tracked.lost(id);
      }),
    );
  }

  private async followEvents(): Promise<void> {
    for (let waitMs = FIRST_RECONNECT_MS; !this.ending.signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_RECONNECT_MS)) {
      // When it fails, the slow look does too, and says why.
      const heard = await this.hearEvents().catch(() => false);
      if (heard) waitMs = FIRST_RECONNECT_MS;
      await pause(waitMs, undefined, { ref: false });
    }
  }

  /** Resolves when the engine ends the stream; with whether it was of any use. */
  private async hearEvents(): Promise<boolean> {
    const ending = new AbortController();
    const end = () => ending.abort();
    this.ending.signal.addEventListener('abort', end);
    try {
      const stream = (await this.engine.docker.getEvents({ filters: JSON.stringify(EVENTS), abortSignal: ending.signal })) as Readable;
      stream.on('error', () => undefined); // Who reads is told of it; until then nobody does.
      // Whatever happened while nobody listened.
      await this.lookAtAll();
      for await (const line of createInterface({ input: stream })) this.onEvent(JSON.parse(line) as EngineEvent);
      return true;
    } finally {
      this.ending.signal.removeEventListener('abort', end);
      end();
    }
  }

  private onEvent({ Type, Action, Actor }: EngineEvent): void {
    if (Type === 'container') return this.onContainer(Action, Actor.Attributes);
    const look = Type === 'service' ? this.refresh(Actor.ID) : this.lookAtAll();
    look.catch(() => undefined); // The slow look makes up for it, and says what is wrong.
  }

  private onContainer(action: string, attributes: Readonly<Record<string, string>>): void {
    const serviceId = attributes['com.docker.swarm.service.id'] ?? '';
    const tracked = this.byService(serviceId);
    const taskId = attributes['com.docker.swarm.task.id'];
    if (!tracked || taskId === undefined) return;
    if (action === 'start') {
      tracked.containerStarted(taskId);
      this.lookAtTasks([serviceId]).catch(() => undefined); // As above.
    } else if (action === 'die' || ENDING_SIGNALS.has(attributes['signal'] ?? '')) {
      tracked.containerEnding(taskId);
    }
  }

  private setProblem(problem: string | undefined): void {
    if (problem === this.problem) return;
    this.problem = problem;
    this.options.warn(problem ?? 'the Docker engine answers again');
  }
}
