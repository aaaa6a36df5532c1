import type { FunctionChange, FunctionState, Replica } from '../functions/function-provider';
import { functionKey, type FunctionId } from '../functions/function-spec';

/** A ready replica and what this process has running on it. */
export interface Slot {
  readonly replica: Replica;
  inFlight: number;
  /** Calls that this process may have running on it: its room, or the part of it that others do not have. */
  limit: number;
  /** Calls that other processes have running on it, as they have last told. */
  elsewhere: number;
  /** False as soon as the replica left the directory, or refused a connection and has not been reported since. */
  usable: boolean;
}

/** Someone who waits for a slot of one function. */
export interface Waiter {
  /** Called when a slot may be free or the state has changed; may take a slot, reject, or go on waiting. */
  look(): void;
  /** Called when the function is gone. */
  removed(): void;
}

/** Shares the room of replicas with other processes that call them. Without it, all room is this process's own. */
export interface SharedRoom {
  /** Calls that may run on a new replica from here at first. */
  firstLimit(replica: Replica): number;
  /** A call has found no room, and may wait now. */
  short(entry: FunctionEntry): void;
  /** A call on `slot` has ended, before those that wait are told; may lower its limit. */
  freed(entry: FunctionEntry, slot: Slot): void;
  /** The function is gone, though calls on its replicas may run yet. */
  removed(entry: FunctionEntry): void;
}

/** What the data plane knows of one function. */
export class FunctionEntry {
  readonly key: string;
  /** Changed from outside of here by a `SharedRoom` and by what others tell only. */
  slots: readonly Slot[] = [];
  isRemoved = false;
  private turn = 0;
  /** In the order in which they came. */
  readonly waiting = new Set<Waiter>();
  /** Calls that wait in other processes, as they have last told. */
  waitingElsewhere = 0;

  constructor(
    public state: FunctionState,
    private readonly shared: SharedRoom | undefined = undefined,
  ) {
    this.key = functionKey(state.spec.id);
    this.setSlots();
  }

  get id(): FunctionId {
    return this.state.spec.id;
  }

  /** Whether at least one replica could take calls, busy or not. */
  get hasUsableReplica(): boolean {
    return this.slots.some((slot) => slot.usable);
  }

  /** Calls that wait for a replica, in all processes. */
  get waitingCount(): number {
    return this.waiting.size + this.waitingElsewhere;
  }

  /** Calls that run on its replicas or wait for one, in all processes. */
  get callCount(): number {
    return this.slots.reduce((sum, { inFlight, elsewhere }) => sum + inFlight + elsewhere, this.waitingCount);
  }

  /** Takes room on the replica with the fewest calls in flight; equals take turns. `undefined` when there is no room. */
  take(): Slot | undefined {
    const { slots } = this;
    let best: Slot | undefined;
    let fewest = Infinity;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[(this.turn + i) % slots.length]!;
      const calls = slot.inFlight + slot.elsewhere;
      if (!slot.usable || slot.inFlight >= slot.limit || calls >= fewest) continue;
      best = slot;
      fewest = calls;
    }
    if (!best) {
      this.shared?.short(this);
      return undefined;
    }
    this.turn = (this.turn + 1) % slots.length;
    best.inFlight++;
    return best;
  }

  giveBack(slot: Slot): void {
    slot.inFlight--;
    this.shared?.freed(this, slot);
    this.tellWaiting(1);
  }

  update(state: FunctionState): void {
    this.state = state;
    this.setSlots();
    this.tellWaiting(this.waiting.size);
  }

  /** Trusts a replica again that refused a connection, unless it has left. */
  trustAgain(slot: Slot): void {
    if (!this.slots.includes(slot)) return;
    slot.usable = true;
    this.tellWaiting(this.waiting.size);
  }

  tellWaiting(most: number): void {
    for (const waiter of this.waiting) {
      if (most-- <= 0) return;
      waiter.look();
    }
  }

  remove(): void {
    this.isRemoved = true;
    this.slots = [];
    this.shared?.removed(this);
    for (const waiter of this.waiting) waiter.removed();
  }

  /** Keeps the counters of replicas that stay. */
  private setSlots(): void {
    const known = new Map(this.slots.map((slot) => [slot.replica.id, slot]));
    const next = this.state.ready.map((replica): Slot => {
      const slot = known.get(replica.id);
      if (!slot || slot.replica.baseUrl !== replica.baseUrl) return this.newSlot(replica);
      slot.usable = true;
      return slot;
    });
    for (const slot of this.slots) {
      if (next.includes(slot)) continue;
      slot.usable = false;
      slot.limit = 0;
    }
    this.slots = next;
  }

  private newSlot(replica: Replica): Slot {
    return { replica, inFlight: 0, limit: this.shared?.firstLimit(replica) ?? replica.maxInflight, elsewhere: 0, usable: true };
  }
}

/** Which functions there are and which replicas of each are ready, as the provider's watch last told. */
export class ReplicaDirectory {
  private readonly entries = new Map<string, FunctionEntry>();

  constructor(private readonly shared?: SharedRoom) {}

  /** By `functionKey`. */
  find(key: string): FunctionEntry | undefined {
    return this.entries.get(key);
  }

  all(): IterableIterator<FunctionEntry> {
    return this.entries.values();
  }

  /** The listener for `FunctionProvider.watch`. */
  readonly apply = (change: FunctionChange): void => {
    const key = functionKey(change.kind === 'present' ? change.state.spec.id : change.id);
    const entry = this.entries.get(key);
    if (change.kind === 'removed') {
      this.entries.delete(key);
      entry?.remove();
    } else if (entry) {
      entry.update(change.state);
    } else {
      this.entries.set(key, new FunctionEntry(change.state, this.shared));
    }
  };
}
