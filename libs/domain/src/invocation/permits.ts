import type { Replica } from '../functions/function-provider';
import type { Clock } from '../shared/clock';
import type { FunctionEntry, ReplicaDirectory, SharedRoom, Slot } from './replica-directory';

/** Replicas with more room than one machine has ports for connections to them: nobody needs permits for them. */
export const UNLIMITED_ROOM = 65_536;
/** So long a permit stays where calls wait for it, though others want it too: else a small room would only travel. */
export const HOLD_MS = 20;

/** The way from a participant to the `Allotments`. What is said on it arrives in order. */
export interface PermitRequests {
  /**
   * `calls` of a function wait here without a permit; takes the place of what was wanted before.
   * @param received permits of the function that have come here so far: what is on its way then counts too.
   */
  want(functionKey: string, calls: number, received: number): void;
  /** @param grant which room of the replica's the permits are of: as they were granted. */
  giveBack(functionKey: string, replicaId: string, grant: number, permits: number): void;
}

interface Share {
  /** Calls for which permits are under way, as far as is known here. */
  wanted: number;
  received: number;
  /** Until then nothing is asked for: permits have come that nobody could use, and would travel without end. */
  pausedUntilMs: number;
  /** Whether a call has found none since the last `tidy`. */
  wasShort: boolean;
  /** Permits that others want back. */
  recalled: number;
  recalledMs: number;
}

/**
 * One participant's part of the room of replicas that several processes call. A slot's `limit` is the permits that it has;
 * none at first. A call that finds no permit asks for one. Permits stay when their calls have ended, until they are recalled:
 * those that are idle go back at once, others when their call has ended and nobody waits here, or `HOLD_MS` are over.
 */
export class Permits implements SharedRoom {
  private readonly shares = new WeakMap<FunctionEntry, Share>();
  private readonly grants = new WeakMap<Slot, number>();
  private readonly wanting = new Set<FunctionEntry>();

  constructor(
    private readonly requests: PermitRequests,
    private readonly clock: Clock,
  ) {}

  firstLimit({ maxInflight }: Replica): number {
    return maxInflight >= UNLIMITED_ROOM ? maxInflight : 0;
  }

  short(entry: FunctionEntry): void {
    const calls = entry.waiting.size;
    // Who can use no replica asks when one is trusted again: then those that wait look again.
    if (calls === 0 || !entry.slots.some((slot) => slot.usable && isLimited(slot))) return;
    const share = this.shareOf(entry);
    share.wasShort = true;
    if (this.clock.monotonicMs() < share.pausedUntilMs) return;
    // More often would say nothing new: what is granted meanwhile comes to those that have waited longest.
    if (share.wanted > 0 && calls < 2 * share.wanted) return;
    this.want(entry, share, calls);
  }

  /**
   * To be called from time to time: takes back what is not wanted any more, because calls have left, or have got permits of
   * others that ended. Not at once: under load there is always a moment in which none waits, and permits would travel for it.
   * And asks again for those that have got permits of a replica that they could not use.
   */
  tidy(): void {
    for (const entry of this.wanting) {
      const share = this.shareOf(entry);
      if (entry.waiting.size === 0 && !share.wasShort) this.want(entry, share, 0);
      else if (share.wanted === 0) this.short(entry);
      share.wasShort = false;
    }
  }

  freed(entry: FunctionEntry, slot: Slot): void {
    const share = this.shares.get(entry);
    if (!share || share.recalled === 0 || slot.limit === 0 || !isLimited(slot)) return;
    if (slot.usable && entry.waiting.size > 0 && this.clock.monotonicMs() - share.recalledMs < HOLD_MS) return;
    share.recalled--;
    this.giveBack(entry, slot, 1);
  }

  /** One of the same key that comes later has nothing to do with it: nothing is said of it any more. */
  removed(entry: FunctionEntry): void {
    this.shares.delete(entry);
    this.wanting.delete(entry);
  }

  /** Permits have come. */
  granted(directory: ReplicaDirectory, functionKey: string, replicaId: string, grant: number, permits: number): void {
    const entry = directory.find(functionKey);
    if (!entry) return;
    const share = this.shareOf(entry);
    share.received += permits;
    share.wanted = Math.max(0, share.wanted - permits);
    if (share.wanted === 0) this.wanting.delete(entry);
    const slot = entry.slots.find(({ replica }) => replica.id === replicaId);
    if (slot) {
      this.grants.set(slot, grant);
      slot.limit += permits;
      entry.tellWaiting(permits);
      if (!slot.usable) this.pause(entry, share);
    } // Else it has left, and its permits with it.
    this.short(entry);
    // More has come than is needed: whoever gave it may think that calls wait here still.
    if (slot && entry.waiting.size === 0 && slot.inFlight < slot.limit) this.want(entry, share, 0);
    this.giveBackIdle(entry, share);
  }

  /** Others want `permits` of those that are here; takes the place of what was recalled before. */
  recalled(directory: ReplicaDirectory, functionKey: string, permits: number): void {
    const entry = directory.find(functionKey);
    if (!entry) return;
    const share = this.shareOf(entry);
    if (share.recalled === 0) share.recalledMs = this.clock.monotonicMs();
    share.recalled = permits;
    this.giveBackIdle(entry, share);
  }

  private pause(entry: FunctionEntry, share: Share): void {
    share.pausedUntilMs = this.clock.monotonicMs() + HOLD_MS;
    this.wanting.add(entry);
  }

  private want(entry: FunctionEntry, share: Share, calls: number): void {
    share.wanted = calls;
    if (calls > 0) this.wanting.add(entry);
    else this.wanting.delete(entry);
    this.requests.want(entry.key, calls, share.received);
  }

  private giveBackIdle(entry: FunctionEntry, share: Share): void {
    for (const slot of entry.slots) {
      if (share.recalled === 0) return;
      const idle = isLimited(slot) ? Math.min(slot.limit - slot.inFlight, share.recalled) : 0;
      if (idle <= 0) continue;
      share.recalled -= idle;
      this.giveBack(entry, slot, idle);
    }
  }

  private giveBack(entry: FunctionEntry, slot: Slot, permits: number): void {
    slot.limit -= permits;
    this.requests.giveBack(entry.key, slot.replica.id, this.grants.get(slot)!, permits);
  }

  private shareOf(entry: FunctionEntry): Share {
    let share = this.shares.get(entry);
    if (!share) this.shares.set(entry, (share = { wanted: 0, received: 0, pausedUntilMs: -Infinity, wasShort: false, recalled: 0, recalledMs: 0 }));
    return share;
  }
}

function isLimited({ replica }: Slot): boolean {
  return replica.maxInflight < UNLIMITED_ROOM;
}
