import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ShoalError } from '@shoal/domain/shared/errors';
import { DiskReserve } from './disk-reserve';
import { countTables, type QueueCounts } from './queue-counts';
import { replaceCall, type Change } from './replace-call';
import { toStoreError } from './store-error';
import type { StoredCall } from './stored-call';
import { canBeKey, openTables, STORE_FILE, type Tables } from './tables';

/** What an action of `CallStore.write` does with a call; `before` is what it has just read. */
export type Replace = (id: string, before: StoredCall | undefined, after: StoredCall | undefined) => void;

/**
 * The calls of one folder, with the rules of how they are written: in transactions that are on the disk when they resolve,
 * with indexes and counts that agree with the calls.
 */
export class CallStore {
  readonly tables: Tables;
  /** Of what is committed. */
  readonly counts: QueueCounts;
  /** Told of each change, in their order, once it is committed. */
  changed: (change: Change) => void = () => undefined;
  private lastSequence: number;
  private readonly writing = new Set<Promise<unknown>>();
  private readonly reserve: DiskReserve;
  private closed = false;
  /** Tells our file from another that has its name since. */
  private readonly inode: number | undefined;
  /** One for all that ask at the same time. */
  private looking: Promise<void> | undefined;

  /** Throws a plain error that names the folder. */
  constructor(private readonly folder: string) {
    this.tables = openTables(folder);
    this.reserve = new DiskReserve(folder);
    this.inode = statSync(join(folder, STORE_FILE), { throwIfNoEntry: false })?.ino;
    ({ counts: this.counts, lastSequence: this.lastSequence } = countTables(this.tables));
  }

  /** Above all that are in use. */
  nextSequence(): number {
    return ++this.lastSequence;
  }

  /** As it is committed; within `write`, as it has been written. */
  call(id: string): StoredCall | undefined {
    return canBeKey(id) ? this.tables.calls.get(id) : undefined;
  }

  /** Reads what is committed. Rejects with `backend-unavailable` once the store is closed, where lmdb would touch memory that it gave back. */
  async read<T>(action: () => T): Promise<T> {
    this.requireOpen();
    try {
      return action();
    } catch (error) {
      throw await toStoreError(error, this.folder);
    }
  }

  /**
   * Runs `action` in a transaction and resolves with what it returned once that is on the disk. Actions run one after the
   * other; those of a moment are committed together. So one that throws must not have written anything.
   *
   * Rejects with `queue-full` when the disk is, with `backend-unavailable`, and with what `action` throws of ours;
   * nothing has changed then.
   */
  async write<T>(action: (replace: Replace) => T): Promise<T> {
    this.requireOpen();
    return this.finish(this.commitAnyhow(action));
  }

  /**
   * As `write`, of what is new: it is not given the room that is kept for what has been accepted. Rejects with
   * `backend-unavailable` when somebody has removed the file: what is written to it still works, and is gone with this process.
   */
  async add<T>(action: (replace: Replace) => T): Promise<T> {
    this.requireOpen();
    if (!this.reserve.hold()) throw new ShoalError('queue-full', `no room on the disk for the queue in ${this.folder}`);
    return this.finish(this.requireFile().then(() => this.commit(action)));
  }

  /** `close` waits for it. */
  private async finish<T>(written: Promise<T>): Promise<T> {
    this.writing.add(written);
    try {
      return await written;
    } finally {
      this.writing.delete(written);
    }
  }

  /** Writes what is committed to a file of its own, without holding anybody up. Rejects as `write` does. */
  async copyTo(file: string): Promise<void> {
    this.requireOpen();
    const copied = this.tables.root.backup(file, true);
    this.writing.add(copied);
    try {
      await copied;
    } catch (error) {
      throw await toStoreError(error, this.folder);
    } finally {
      this.writing.delete(copied);
    }
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.allSettled(this.writing);
    await this.tables.root.close();
  }

  private async commitAnyhow<T>(action: (replace: Replace) => T): Promise<T> {
    const { releases } = this.reserve;
    try {
      return await this.commit(action);
    } catch (error) {
      if (error instanceof ShoalError && error.code === 'queue-full') this.reserve.release();
      // Or somebody else has, whose commit failed at the same time: then the disk did not look full any more.
      if (this.reserve.releases === releases) throw error;
      return this.commit(action);
    }
  }

  private async commit<T>(action: (replace: Replace) => T): Promise<T> {
    const changes: Change[] = [];
    const replace: Replace = (id, before, after) => {
      const change = { id, before, after };
      replaceCall(this.tables, change);
      changes.push(change);
    };
    let result: T;
    try {
      result = await this.tables.root.transaction(() => action(replace));
    } catch (error) {
      throw await toStoreError(error, this.folder);
    }
    for (const change of changes) {
      this.counts.move(change.before, change.after);
      this.changed(change);
    }
    return result;
  }

  private requireFile(): Promise<void> {
    this.looking ??= this.lookForFile().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookForFile(): Promise<void> {
    const file = join(this.folder, STORE_FILE);
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw new ShoalError('backend-unavailable', `${file} cannot be found (${error.code}), so nothing is accepted for now: give it back to the gateway's user, or mend its disk`, {}, { cause: error });
    });
    if (found?.ino === this.inode) return;
    throw new ShoalError('backend-unavailable', `${file} was removed or replaced, so nothing is accepted any more: stop the gateway, put the data directory back or restore a back-up, and start it`);
  }

  private requireOpen(): void {
    if (this.closed) throw new ShoalError('backend-unavailable', `the queue in ${this.folder} is closed`);
  }
}
