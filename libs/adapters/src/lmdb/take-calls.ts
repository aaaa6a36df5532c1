import type { Claim } from '@shoal/domain/queue/invocation-queue';
import { partsOf, type Lane } from '@shoal/domain/queue/lane';
import type { CallStore, Replace } from './call-store';
import { idsInLane } from './read-indexes';
import { takenCall } from './stored-call';

export interface Taking {
  readonly lane: Lane;
  readonly most: number;
  readonly nowMs: number;
  /** Of no other claim. */
  readonly newToken: () => number;
}

/** A claim, and what the place of its call in the store says of it. */
export interface TakenClaim {
  readonly claim: Claim;
  readonly token: number;
}

/** Takes the next calls of a lane. Only within `store.write`. */
export function takeCalls(store: CallStore, replace: Replace, { lane, most, nowMs, newToken }: Taking): readonly TakenClaim[] {
  // All is read before anything is written, as `write` asks for.
  const next = idsInLane(store.tables, lane, { most }).map((id) => read(store, lane, id));
  return next.map(({ before, position, call, answer }) => {
    const token = newToken();
    const after = takenCall(before, position, { token, nowMs });
    replace(call.id, before, after);
    return { claim: { lane, call, record: after.record, ...(answer ? { answer } : {}) }, token };
  });
}

function read(store: CallStore, lane: Lane, id: string) {
  const before = store.call(id);
  const call = store.tables.requests.get(id);
  if (before?.place?.at !== 'lane' || !call) throw new Error(`call ${id} is in the lane ${lane} by mistake`);
  const answer = partsOf(lane).kind === 'callback' ? store.tables.answers.get(id) : undefined;
  return { before, position: before.place, call, answer };
}
