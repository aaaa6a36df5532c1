import type { FunctionChange, FunctionState, Replica } from '../functions/function-provider';
import { functionKey, type FunctionId } from '../functions/function-spec';

/** A ready replica and what this process has running on it. */
export interface Slot {
  readonly replica: Replica;
  inFlight: number;
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

/** What the data plane knows of one function. */
export class FunctionEntry {
  readonly key: string;
  private slots: Slot[] = [];
  private turn = 0;
  /** In the order in which they came. */
  readonly waiting = new Set<Waiter>();

  constructor(public state: FunctionState) {
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

  /** Calls that run on its replicas or wait for one. */
  get callCount(): number {
    return this.slots.reduce((sum, { inFlight }) => sum + inFlight, this.waiting.size);
  }

  /** Takes room on the replica with the fewest calls in flight; equals take turns. `undefined` when all are full. */
  take(): Slot | undefined {
    const { slots } = this;
    let best: Slot | undefined;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[(this.turn + i) % slots.length]!;
      if (!slot.usable || slot.inFlight >= slot.replica.maxInflight) continue;
      if (!best || slot.inFlight < best.inFlight) best = slot;
    }
    if (!best) return undefined;
    this.turn = (this.turn + 1) % slots.length;
    best.inFlight++;
    return best;
  }

  giveBack(slot: Slot): void {
    slot.inFlight--;
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
    for (const waiter of this.waiting) waiter.removed();
  }

  /** Keeps the counters of replicas that stay. */
  private setSlots(): void {
    const known = new Map(this.slots.map((slot) => [slot.replica.id, slot]));
    const next = this.state.ready.map((replica): Slot => {
      const slot = known.get(replica.id);
      if (!slot || slot.replica.baseUrl !== replica.baseUrl) return { replica, inFlight: 0, usable: true };
      slot.usable = true;
      return slot;
    });
    for (const slot of this.slots) if (!next.includes(slot)) slot.usable = false;
    this.slots = next;
  }
}

/** Which functions there are and which replicas of each are ready, as the provider's watch last told. */
export class ReplicaDirectory {
  private readonly entries = new Map<string, FunctionEntry>();

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
      this.entries.set(key, new FunctionEntry(change.state));
    }
  };
}
