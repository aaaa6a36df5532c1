import type { FromHost, ToHost } from '@shoal/adapters/local/host-protocol';
import type { Clock } from '@shoal/domain/shared/clock';
import { messageOf } from '@shoal/domain/shared/errors';
import { readFunctionSettings, type FunctionSettings } from './config';
import type { WriteLine } from './function-log';
import type { HostedFunction } from './hosted-function';

type Put = Extract<ToHost, { type: 'put' }>;
type State = Extract<FromHost, { type: 'state' }>;

/** Calls at once on one replica, where the function's `max_inflight` does not say. */
const DEFAULT_MAX_INFLIGHT: Readonly<Record<FunctionSettings['mode'], number>> = {
  serializing: 16,
  streaming: 16,
  http: 1_000,
  static: 1_000,
};
/** A call that was sent before its sender heard of the replica's end arrives within this time. */
const RETIRE_AFTER_MS = 500;
const RETIRE_POLL_MS = 50;

export interface Replica {
  readonly id: string;
  readonly maxInflight: number;
  readonly generation: number;
  readonly function: HostedFunction;
}

export interface HostedGroupDeps {
  readonly clock: Clock;
  /** Starts one replica's function; `changed` must be called whenever it becomes ready or fails. */
  start(settings: FunctionSettings, put: Put, log: WriteLine, changed: () => void): HostedFunction;
  nextReplicaId(): string;
  log(instance: string, text: string): void;
  opened(replica: Replica): void;
  closed(replica: Replica): void;
  tell(state: State): void;
}

/**
 * All replicas of one function in the host. A new generation starts beside the old one, which goes on serving until the
 * new one is ready, and for good when it never is; whoever leaves first finishes its calls.
 */
export class HostedGroup {
  private put: Put | undefined;
  private settingsFailure: string | undefined;
  private replicas: Replica[] = [];
  private readonly retiring = new Set<Promise<void>>();
  private told = '';

  constructor(private readonly deps: HostedGroupDeps) {}

  apply(put: Put): void {
    this.put = put;
    this.reconcile();
  }

  /** Ends all replicas, each after its calls. Resolves when all are dead. */
  async remove(): Promise<void> {
    this.put = undefined;
    this.retire(this.replicas);
    await Promise.all(this.retiring);
  }

  private reconcile(): void {
    const { put } = this;
    if (!put) return;
    const current = this.replicas.filter((replica) => replica.generation === put.generation);
    for (let missing = put.replicas - current.length; missing > 0; missing--) {
      const replica = this.open(put);
      if (replica) current.push(replica);
    }
    this.retire(current.slice(put.replicas));
    this.replacePrevious();
    this.tell();
  }

  /** The previous generation leaves as soon as one replica of this one can take its place. */
  private replacePrevious(): void {
    const { put } = this;
    if (!put) return;
    const successors = this.replicas.filter((replica) => replica.generation === put.generation);
    if (put.replicas > 0 && !successors.some((replica) => replica.function.ready)) return;
    this.retire(this.replicas.filter((replica) => replica.generation !== put.generation));
  }

  private open(put: Put): Replica | undefined {
    const settings = this.readSettings(put);
    if (!settings) return undefined;
    const id = this.deps.nextReplicaId();
    const changed = () => {
      this.replacePrevious();
      this.tell();
    };
    const replica: Replica = {
      id,
      maxInflight: settings.maxInflight || DEFAULT_MAX_INFLIGHT[settings.mode],
      generation: put.generation,
      function: this.deps.start(settings, put, (text) => this.deps.log(id, text), changed),
    };
    this.replicas.push(replica);
    this.deps.opened(replica);
    return replica;
  }

  private readSettings(put: Put): FunctionSettings | undefined {
    try {
      const settings = readFunctionSettings(put.argv ? { ...put.env, fprocess: put.argv.join(' ') } : put.env);
      this.settingsFailure = undefined;
      return put.argv ? { ...settings, argv: put.argv } : settings;
    } catch (error) {
      this.settingsFailure = messageOf(error);
      return undefined;
    }
  }

  private retire(leaving: readonly Replica[]): void {
    if (leaving.length === 0) return;
    this.replicas = this.replicas.filter((replica) => !leaving.includes(replica));
    for (const replica of leaving) {
      const end = this.endAfterCalls(replica).finally(() => this.retiring.delete(end));
      this.retiring.add(end);
    }
  }

  private async endAfterCalls(replica: Replica): Promise<void> {
    const { clock } = this.deps;
    let delayMs = RETIRE_AFTER_MS;
    do {
      await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      delayMs = RETIRE_POLL_MS;
    } while (replica.function.inFlight > 0);
    this.deps.closed(replica);
    await replica.function.stop();
  }

  private tell(): void {
    const { put } = this;
    if (!put) return;
    const failure = this.settingsFailure ?? this.replicas.find((replica) => replica.function.failure !== undefined)?.function.failure;
    const ready = this.replicas
      .filter((replica) => replica.function.ready)
      .map(({ id, maxInflight }) => ({ id, maxInflight }));
    const updating = this.replicas.some((replica) => replica.function.ready && replica.generation !== put.generation);
    const state: State = {
      type: 'state',
      key: put.key,
      generation: put.generation,
      ready,
      ...(updating ? { updating } : {}),
      ...(failure === undefined ? {} : { failure }),
    };
    const text = JSON.stringify(state);
    if (text === this.told) return;
    this.told = text;
    this.deps.tell(state);
  }
}
