import { randomBytes } from 'node:crypto';
import { readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  FunctionChange,
  FunctionProvider,
  FunctionState,
  Replica,
  StopWatching,
} from '@shoal/domain/functions/function-provider';
import { functionKey, type FunctionId, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { parseScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import type { Clock } from '@shoal/domain/shared/clock';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { writing } from './file-problem';
import { FunctionFiles } from './function-files';
import { FunctionHostProcess } from './function-host-process';
import type { FromHost } from './host-protocol';
import { resolveLaunch, type Launch } from './launch';
import { secretFile } from './local-secret-store';
import { makeFolders } from './make-folders';
import type { StoredFunction } from './stored-function';
import { OneAtATime } from '@shoal/domain/shared/one-at-a-time';

export interface LocalProviderOptions {
  /** The data directory. */
  readonly home: string;
  /** The watchdog's program file. */
  readonly watchdogScript: string;
  /** Where bundles are looked for by name, first match wins. */
  readonly bundleFolders: readonly string[];
  /** Tells this data directory's processes from those of others; the same after a restart. */
  readonly instanceId: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Kills every process that has this `NAME=value` in its environment. */
  readonly killMarked: (entry: string) => void;
  readonly clock: Clock;
  /** For people: what could not be applied or read. */
  readonly warn: (text: string) => void;
}

/** What could not be written down is tried again after so long. */
const KEEP_LATER_MS = 5_000;

interface Entry extends StoredFunction {
  readonly generation: number;
  /** `undefined` when it could not be worked out at start-up; then `failure` says why. */
  readonly launch: Launch | undefined;
  readonly ready: readonly Replica[];
  /** Whether `ready` are of the version before. */
  readonly updating: boolean;
  readonly failure: string | undefined;
}

/** Runs functions as processes of this machine, hosted by one function host. State is in files and survives restarts. */
export class LocalFunctionProvider implements FunctionProvider {
  readonly info = { provider: 'shoal-local', orchestration: 'local' };
  /** Where the host's log of each function can be read; `undefined` while there is no host. */
  hostUrl: string | undefined;
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<(change: FunctionChange) => void>();
  private readonly files: FunctionFiles;
  private readonly host: FunctionHostProcess;
  private lastGeneration = 0;
  /** Functions whose replicas could not be written down. */
  private readonly unkept = new Set<string>();
  /** So that the file, the map and the host see the same order. */
  private readonly writes = new OneAtATime();

  constructor(private readonly options: LocalProviderOptions) {
    this.files = new FunctionFiles(options.home, options.warn);
    this.host = new FunctionHostProcess({
      script: options.watchdogScript,
      mark: `SHOAL_HOST=${options.instanceId}`,
      killMarked: options.killMarked,
      clock: options.clock,
      listening: (url) => {
        this.hostUrl = url;
        for (const key of this.entries.keys()) this.tellHost(key);
      },
      warn: options.warn,
      state: (message) => this.onState(message),
      removed: (key) => this.onRemoved(key),
      lost: (reason) => this.onHostLost(reason),
    });
  }

  /** Brings back what was deployed, and starts the host. */
  async start(): Promise<void> {
    const [stored] = await Promise.all([this.files.load(), this.host.start()]);
    for (const one of stored) {
      const key = functionKey(one.spec.id);
      try {
        this.entries.set(key, this.entryOf(one, await this.prepare(one.spec)));
      } catch (error) {
        this.options.warn(`${key} cannot run: ${messageOf(error)}`);
        this.entries.set(key, { ...this.entryOf(one, undefined), failure: messageOf(error) });
      }
      this.publish(key);
      this.tellHost(key);
    }
    await this.removeLeftovers();
  }

  /** Ends the host and all functions. */
  async stop(): Promise<void> {
    await this.host.stop();
  }

  apply(spec: FunctionSpec): Promise<void> {
    return this.writes.run(async () => {
      const key = functionKey(spec.id);
      const before = this.entries.get(key);
      if (!before) await this.setAside(key);
      const launch = await this.prepare(spec);
      for (const note of launch.notes) this.options.warn(note);
      const { min, max } = parseScalingPolicy(spec.labels);
      const replicas = before ? Math.min(Math.max(before.replicas, min), max) : min;
      const stored = { spec, replicas, createdAt: before?.createdAt ?? new Date(this.options.clock.nowMs()).toISOString() };
      await this.files.save(stored);
      this.entries.set(key, { ...this.entryOf(stored, launch), ready: before?.ready ?? [], updating: before !== undefined && before.ready.length > 0 });
      this.publish(key);
      this.tellHost(key);
    });
  }

  remove(id: FunctionId): Promise<void> {
    return this.writes.run(async () => {
      const key = functionKey(id);
      if (!this.entries.has(key)) return;
      await this.files.remove(id);
      this.entries.delete(key);
      for (const listener of this.listeners) listener({ kind: 'removed', id });
      if (!this.host.send({ type: 'remove', key })) this.onRemoved(key);
    });
  }

  scale(id: FunctionId, replicas: number): Promise<void> {
    return this.writes.run(async () => {
      const key = functionKey(id);
      const before = this.entries.get(key);
      if (!before) throw new ShoalError('function-not-found', `function ${key} does not exist`);
      await this.keep({ spec: before.spec, createdAt: before.createdAt, replicas });
      // The state may have changed while the file was written.
      const now = this.entries.get(key)!;
      this.entries.set(key, { ...now, replicas, ready: now.ready.slice(0, replicas) });
      this.publish(key);
      this.tellHost(key);
    });
  }

  async find(id: FunctionId): Promise<FunctionState | undefined> {
    const entry = this.entries.get(functionKey(id));
    return entry && stateOf(entry);
  }

  async list(namespace: string): Promise<readonly FunctionState[]> {
    return [...this.entries.values()]
      .filter(({ spec }) => spec.id.namespace === namespace)
      .sort((a, b) => (a.spec.id.name < b.spec.id.name ? -1 : 1))
      .map(stateOf);
  }

  async watch(listener: (change: FunctionChange) => void): Promise<StopWatching> {
    this.listeners.add(listener);
    for (const entry of this.entries.values()) listener({ kind: 'present', state: stateOf(entry) });
    return () => this.listeners.delete(listener);
  }

  /** What a function has written goes when its last process has, so that the next one of its name does not find it. */
  private onRemoved(key: string): void {
    void this.writes.run(async () => {
      try {
        for (const name of await this.runFolders()) if (name.startsWith(asidePrefix(key))) await rm(this.runFolder(name), { recursive: true, force: true });
        // A file that was left out may be mended.
        if (this.entries.has(key) || (await this.files.has(key))) return;
        await rm(this.runFolder(key), { recursive: true, force: true });
      } catch (error) {
        this.options.warn(`what ${key} has written is still there: ${messageOf(error)}`);
      }
    });
  }

  /** So that a new function does not find what one of its name has written whose last process has not ended yet. */
  private async setAside(key: string): Promise<void> {
    if (await this.files.has(key)) return; // It was left out, and is what this one replaces.
    const folder = this.runFolder(key);
    await writing(folder, () =>
      rename(folder, this.runFolder(`${asidePrefix(key)}${randomBytes(4).toString('hex')}`)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      }),
    );
  }

  /** Of functions that were removed while there was nobody to see their end. */
  private async removeLeftovers(): Promise<void> {
    const keys = (await this.runFolders()).map((name) => /^\.(.+)\.[^.]+$/.exec(name)?.[1] ?? name);
    for (const key of new Set(keys)) this.onRemoved(key);
  }

  private async runFolders(): Promise<readonly string[]> {
    return readdir(join(this.options.home, 'run')).catch(() => []);
  }

  private runFolder(key: string): string {
    return join(this.options.home, 'run', key);
  }

  /**
   * Writes down how many replicas there are. A disk that is full must not keep a function from waking up: it happens all the
   * same, and is written down when the disk has room again.
   */
  private async keep(stored: StoredFunction): Promise<void> {
    const key = functionKey(stored.spec.id);
    try {
      await this.files.save(stored);
      this.unkept.delete(key);
    } catch (error) {
      if (this.unkept.size === 0) {
        this.options.warn(`the replicas of ${key} are not written down for now, and a restart would not know of them: ${messageOf(error)}`);
        this.keepLater();
      }
      this.unkept.add(key);
    }
  }

  private keepLater(): void {
    this.options.clock.after(KEEP_LATER_MS, () => {
      void this.writes.run(async () => {
        for (const key of this.unkept) {
          const entry = this.entries.get(key);
          try {
            if (entry) await this.files.save({ spec: entry.spec, createdAt: entry.createdAt, replicas: entry.replicas });
            this.unkept.delete(key);
          } catch {
            return this.keepLater();
          }
        }
      });
    });
  }

  private async prepare(spec: FunctionSpec): Promise<Launch> {
    const folder = this.runFolder(functionKey(spec.id));
    const launch = await resolveLaunch(spec, {
      bundleFolders: this.options.bundleFolders,
      workFolder: join(folder, 'work'),
      secretsFolder: join(folder, 'secrets'),
      env: this.options.env,
    });
    await writing(folder, async () => {
      await makeFolders(this.options.home, 'run', functionKey(spec.id), 'work');
      await this.linkSecrets(spec, join(folder, 'secrets'));
    });
    return launch;
  }

  /** Links, so that an updated secret is there at once. What is right already stays: a disk may be full when the gateway starts. */
  private async linkSecrets(spec: FunctionSpec, folder: string): Promise<void> {
    const targetOf = (name: string) => secretFile(join(this.options.home, 'secrets'), spec.id.namespace, name);
    const there = await readdir(folder).catch(() => undefined);
    const linked = there && (await Promise.all(there.map((name) => readlink(join(folder, name)).catch(() => undefined))));
    const isRight = there && there.length === spec.secrets.length && spec.secrets.every((name) => linked![there.indexOf(name)] === targetOf(name));
    if (isRight) return;
    await rm(folder, { recursive: true, force: true });
    await makeFolders(join(folder, '..'), 'secrets');
    for (const name of spec.secrets) await symlink(targetOf(name), join(folder, name));
  }

  private entryOf(stored: StoredFunction, launch: Launch | undefined): Entry {
    return { ...stored, launch, generation: ++this.lastGeneration, ready: [], updating: false, failure: undefined };
  }

  private tellHost(key: string): void {
    const entry = this.entries.get(key);
    if (!entry?.launch) return;
    const { launch, generation, replicas } = entry;
    const mark = { SHOAL_HOST: this.options.instanceId };
    this.host.send({
      type: 'put',
      key,
      generation,
      replicas,
      env: { ...launch.env, ...mark },
      argv: launch.argv,
      cwd: launch.cwd,
    });
  }

  private onState(message: Extract<FromHost, { type: 'state' }>): void {
    const entry = this.entries.get(message.key);
    // The host may still be talking of a function before this one of the same name, or before the last update.
    if (!entry || entry.generation !== message.generation) return;
    const ready = message.ready.slice(0, entry.replicas).map((replica) => ({ ...replica, baseUrl: `${this.hostUrl}/${replica.id}` }));
    this.entries.set(message.key, { ...entry, ready, updating: message.updating ?? false, failure: message.failure });
    this.publish(message.key);
  }

  private onHostLost(reason: string): void {
    this.hostUrl = undefined;
    this.options.warn(`${reason}; starting another`);
    void this.removeLeftovers();
    for (const [key, entry] of this.entries) {
      this.entries.set(key, { ...entry, ready: [], updating: false });
      this.publish(key);
    }
  }

  private publish(key: string): void {
    const state = stateOf(this.entries.get(key)!);
    for (const listener of this.listeners) listener({ kind: 'present', state });
  }
}

/** Of the folders of functions that have been removed; no key begins with a dot. */
function asidePrefix(key: string): string {
  return `.${key}.`;
}

function stateOf({ spec, createdAt, replicas, ready, updating, failure }: Entry): FunctionState {
  const failing = failure !== undefined && (updating || ready.length < replicas);
  return { spec, createdAt, replicas, ready, ...(updating ? { updating } : {}), ...(failing ? { notReadyBecause: failure } : {}) };
}
