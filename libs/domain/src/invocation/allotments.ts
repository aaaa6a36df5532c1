import type { FunctionChange, Replica } from '../functions/function-provider';
import { functionKey } from '../functions/function-spec';
import { partOfFree } from './part-of-free';
import { UNLIMITED_ROOM } from './permits';
import type { ReplicaDirectory } from './replica-directory';

/** One of the processes that call replicas. */
export type Participant = number;

/** Whoever has fewer permits than this gets its turn also when others have only one more. */
const TURNS_BELOW = 8;

/** The way from the `Allotments` to the participants. To each of them, what is said arrives in order, with the changes of functions. */
export interface PermitGrants {
  /** @param grant is to be given back with the permits. */
  grant(to: Participant, functionKey: string, replicaId: string, grant: number, permits: number): void;
  /** `permits` of those that the participant has are wanted back; takes the place of what was recalled before. */
  recall(from: Participant, functionKey: string, permits: number): void;
}

/** The room of one replica. */
interface Room {
  readonly replica: Replica;
  /** Tells it from a former one: what is given back late belongs to nothing any more. */
  readonly grant: number;
  free: number;
  readonly granted: Map<Participant, number>;
}

interface Shared {
  readonly rooms: Map<string, Room>;
  /** Calls that wait without a permit. Who has got one goes to the end. */
  readonly wanted: Map<Participant, number>;
  /** Permits that were ever sent. */
  readonly sent: Map<Participant, number>;
  readonly recalled: Map<Participant, number>;
}

/**
 * Splits the room of each replica among the processes that call it, so that together they never have more calls on it than
 * it takes. Room is given out as permits when it is asked for, and stays where it is until somebody else wants it: then
 * permits are recalled from those that wait for none, and from those that have more than others who wait.
 */
export class Allotments {
  private readonly functions = new Map<string, Shared>();
  private readonly participants = new Set<Participant>();
  private lastGrant = 0;

  /** @param directory has to be told of each change before this is. */
  constructor(
    private readonly directory: Pick<ReplicaDirectory, 'find'>,
    private readonly grants: PermitGrants,
  ) {}

  /** A further listener for `FunctionProvider.watch`. Participants have to be told of a change before this is. */
  readonly apply = (change: FunctionChange): void => {
    const key = functionKey(change.kind === 'present' ? change.state.spec.id : change.id);
    const shared = this.functions.get(key);
    if (!shared) return;
    if (change.kind === 'removed') return void this.functions.delete(key);
    this.setRooms(shared, change.state.ready);
    this.settle(key, shared);
  };

  join(participant: Participant): void {
    this.participants.add(participant);
  }

  /** It has ended, and waits for no permits. Those that it had stay where they are until `release`: replicas may have its calls yet. */
  leave(participant: Participant): void {
    this.participants.delete(participant);
    for (const { wanted, sent } of this.functions.values()) {
      wanted.delete(participant);
      sent.delete(participant);
    }
  }

  /** The permits of one that has left are free. */
  release(participant: Participant): void {
    for (const [key, shared] of this.functions) {
      for (const room of shared.rooms.values()) takeBack(room, participant, Infinity);
      shared.recalled.delete(participant);
      this.settle(key, shared);
    }
  }

  /** See `PermitRequests.want`. */
  want(participant: Participant, key: string, calls: number, received: number): void {
    const entry = this.directory.find(key);
    if (!entry || !this.participants.has(participant)) return;
    let shared = this.functions.get(key);
    if (!shared) {
      this.functions.set(key, (shared = { rooms: new Map(), wanted: new Map(), sent: new Map(), recalled: new Map() }));
      this.setRooms(shared, entry.state.ready);
    }
    const open = calls - Math.max(0, (shared.sent.get(participant) ?? 0) - received);
    if (open > 0) shared.wanted.set(participant, open);
    else shared.wanted.delete(participant);
    this.settle(key, shared);
  }

  /** See `PermitRequests.giveBack`. */
  giveBack(participant: Participant, key: string, replicaId: string, grant: number, permits: number): void {
    const shared = this.functions.get(key);
    if (!shared) return;
    shared.recalled.set(participant, Math.max(0, (shared.recalled.get(participant) ?? 0) - permits));
    const room = shared.rooms.get(replicaId);
    if (room?.grant === grant) takeBack(room, participant, permits);
    this.settle(key, shared);
  }

  private setRooms({ rooms }: Shared, ready: readonly Replica[]): void {
    const ids = new Set(ready.map(({ id }) => id));
    for (const id of rooms.keys()) if (!ids.has(id)) rooms.delete(id);
    for (const replica of ready) {
      if (replica.maxInflight >= UNLIMITED_ROOM || rooms.get(replica.id)?.replica.baseUrl === replica.baseUrl) continue;
      rooms.set(replica.id, { replica, grant: ++this.lastGrant, free: replica.maxInflight, granted: new Map() });
    }
  }

  private settle(key: string, shared: Shared): void {
    if (shared.wanted.size > 0) this.grantFree(key, shared);
    const recalls = recallsOf(shared);
    for (const [participant, before] of shared.recalled) if (before > 0 && !recalls.has(participant)) recalls.set(participant, 0);
    for (const [participant, permits] of recalls) {
      if (permits === (shared.recalled.get(participant) ?? 0)) continue;
      shared.recalled.set(participant, permits);
      this.grants.recall(participant, key, permits);
    }
  }

  private grantFree(key: string, shared: Shared): void {
    const { rooms, wanted } = shared;
    const given = new Map<Room, Map<Participant, number>>();
    const held = heldOf(rooms);
    const give = (room: Room, to: Participant, permits: number) => {
      room.free -= permits;
      add(room.granted, to, permits);
      add(held, to, permits);
      let ofRoom = given.get(room);
      if (!ofRoom) given.set(room, (ofRoom = new Map<Participant, number>()));
      add(ofRoom, to, permits);
    };
    const winners = new Set<Participant>();
    for (let room = mostFree(rooms); room && wanted.size > 0; room = mostFree(rooms)) {
      const to = least([...wanted.keys()], (participant) => held.get(participant) ?? 0)!;
      give(room, to, 1);
      winners.add(to);
      const left = wanted.get(to)! - 1;
      wanted.delete(to);
      if (left > 0) wanted.set(to, left);
    }
    // An equal part at once, where nobody else asks for it: the next calls need not ask. Of each room in one step, because there may be much.
    const equalPart = Math.floor(sum(rooms, ({ replica }) => replica.maxInflight) / this.participants.size);
    for (const to of winners) {
      for (const [room, permits] of partOfFree([...rooms.values()], equalPart - held.get(to)!)) give(room, to, permits);
    }
    for (const [{ replica, grant }, ofRoom] of given) {
      for (const [to, permits] of ofRoom) {
        add(shared.sent, to, permits);
        this.grants.grant(to, key, replica.id, grant, permits);
      }
    }
  }
}

/** How many permits each participant ought to give back for those who wait. */
function recallsOf({ rooms, wanted }: Shared): Map<Participant, number> {
  const recalls = new Map<Participant, number>();
  const demand = [...wanted.values()].reduce((total, calls) => total + calls, 0);
  if (demand === 0) return recalls;
  const held = heldOf(rooms);
  for (const participant of wanted.keys()) add(held, participant, 0);
  // Who waits for none may have idle ones, and if not, those who wait come before its next calls.
  for (const [participant, permits] of held) if (!wanted.has(participant) && permits > 0) recalls.set(participant, Math.min(permits, demand));
  const competing = [...wanted.keys()];
  for (let moved = 0; moved < demand; moved++) {
    const poorest = least(competing, (participant) => held.get(participant)!)!;
    const richest = least(competing, (participant) => -held.get(participant)!)!;
    const ahead = held.get(richest)! - held.get(poorest)!;
    if (ahead < 1 || (ahead === 1 && (moved > 0 || held.get(poorest)! >= TURNS_BELOW))) break;
    add(held, richest, -1);
    add(held, poorest, 1);
    add(recalls, richest, 1);
  }
  return recalls;
}

function takeBack(room: Room, participant: Participant, most: number): void {
  const held = room.granted.get(participant) ?? 0;
  const permits = Math.min(held, most);
  room.free += permits;
  if (permits === held) room.granted.delete(participant);
  else room.granted.set(participant, held - permits);
}

function mostFree(rooms: ReadonlyMap<string, Room>): Room | undefined {
  let best: Room | undefined;
  for (const room of rooms.values()) if (room.free > (best?.free ?? 0)) best = room;
  return best;
}

function heldOf(rooms: ReadonlyMap<string, Room>): Map<Participant, number> {
  const held = new Map<Participant, number>();
  for (const { granted } of rooms.values()) for (const [participant, permits] of granted) add(held, participant, permits);
  return held;
}

function sum(rooms: ReadonlyMap<string, Room>, amount: (room: Room) => number): number {
  let total = 0;
  for (const room of rooms.values()) total += amount(room);
  return total;
}

function add<K>(counts: Map<K, number>, key: K, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}

/** The first of those with the smallest amount. */
function least(all: readonly Participant[], amount: (of: Participant) => number): Participant | undefined {
  let best: Participant | undefined;
  let smallest = Infinity;
  for (const one of all) {
    const value = amount(one);
    if (best === undefined || value < smallest) [best, smallest] = [one, value];
  }
  return best;
}
