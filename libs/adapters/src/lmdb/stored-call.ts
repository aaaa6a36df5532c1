import type { Settlement } from '@shoal/domain/queue/invocation-queue';
import { laneOf, partsOf, type Lane } from '@shoal/domain/queue/lane';
import { cancelledRecord, isEnded, newRecord, redrivenRecord, releasedRecord, takenRecord, type CallRecord, type QueuedCall } from '@shoal/domain/queue/queued-call';

/** Within a lane, those that are due again come before those that are new. */
export const DUE_AGAIN = 0;
export const NEW = 1;

/** A position in a lane. `sequence` is unique among all calls that have one, and grows. */
export interface Position {
  readonly lane: Lane;
  readonly rank: typeof DUE_AGAIN | typeof NEW;
  readonly sequence: number;
}

/**
 * Where a call is that something is still to be done for: it can be taken from its lane; or somebody has taken it, and
 * the position is the one it had; or it waits to be put into its lane again.
 */
export type Place =
  | (Position & { readonly at: 'lane' })
  | (Position & { readonly at: 'claim'; readonly token: number })
  | { readonly at: 'waiting'; readonly lane: Lane; readonly dueMs: number };

/** What the store holds of a call beside its bodies. All else, each index and each count, follows from it. */
export interface StoredCall {
  readonly record: CallRecord;
  /** Absent when nothing is to be done for it any more. */
  readonly place?: Place;
  /** From when on it is kept for those who ask: as a dead letter, also while its callback is still on its way, or as ended. */
  readonly kept?: { readonly as: 'dead' | 'ended'; readonly sinceMs: number };
}

/** Of a call that has just been accepted. */
export function publishedCall(call: QueuedCall, sequence: number): StoredCall {
  return { record: newRecord(call), place: inLane(laneOf('call', call.functionKey), NEW, sequence) };
}

/** @param call one that is in its lane. */
export function takenCall(call: StoredCall, position: Position, { token, nowMs }: { token: number; nowMs: number }): StoredCall {
  return { ...call, record: takenRecord(call.record, nowMs), place: { ...position, at: 'claim', token } };
}

/** @param position the one that its claim was taken from. @param sequence one that is new. */
export function settledCall(call: StoredCall, position: Position, settlement: Settlement, { sequence, nowMs }: { sequence: number; nowMs: number }): StoredCall {
  switch (settlement.kind) {
    case 'release':
      return { ...call, record: releasedRecord(call.record), place: inLane(position.lane, position.rank, position.sequence) };
    case 'retry':
      return { ...call, record: settlement.record, place: { at: 'waiting', lane: position.lane, dueMs: settlement.record.nextAttemptMs ?? nowMs } };
    case 'end': {
      const { record } = settlement;
      const dead = record.state === 'failed' ? ({ as: 'dead', sinceMs: record.endedMs ?? nowMs } as const) : undefined;
      if (record.callback?.state !== 'pending') return { record, kept: dead ?? { as: 'ended', sinceMs: nowMs } };
      return { record, place: inLane(laneOf('callback', record.functionKey), NEW, sequence), ...(dead ? { kept: dead } : {}) };
    }
    case 'callback-end':
      return { record: settlement.record, kept: call.kept ?? { as: 'ended', sinceMs: nowMs } };
  }
}

/** Of a call that waited and is due. */
export function dueCall(call: StoredCall, lane: Lane, sequence: number): StoredCall {
  return { ...call, place: inLane(lane, DUE_AGAIN, sequence) };
}

/** Of a call that waits, and is due by so much earlier. */
export function broughtForward(call: StoredCall, place: Extract<Place, { at: 'waiting' }>, byMs: number): StoredCall {
  const { nextAttemptMs } = call.record;
  return { ...call, record: { ...call.record, ...(nextAttemptMs === undefined ? {} : { nextAttemptMs: nextAttemptMs - byMs }) }, place: { ...place, dueMs: place.dueMs - byMs } };
}

/** Of a call whose holder died with the process: the attempt counts, and it comes before all that are new. */
export function orphanedCall(call: StoredCall, { lane, sequence }: Position): StoredCall {
  const record: CallRecord = partsOf(lane).kind === 'call' ? { ...call.record, state: 'retrying' } : call.record;
  return { ...call, record, place: inLane(lane, DUE_AGAIN, sequence) };
}

/** Of a call whose request cannot be read any more: it can neither be run, nor its outcome be sent. */
export function unreadableCall({ record }: StoredCall, nowMs: number): StoredCall {
  const { nextAttemptMs: _, ...rest } = record;
  const message = 'what was stored of the call is damaged';
  const ended: CallRecord = isEnded(record) ? rest : { ...rest, state: 'failed', endedMs: nowMs, outcome: { code: 'damaged', message, durationMs: 0 } };
  const { callback } = ended;
  const settled: CallRecord = callback?.state === 'pending' ? { ...ended, callback: { ...callback, state: 'failed', message } } : ended;
  return { record: settled, kept: { as: 'ended', sinceMs: nowMs } };
}

/** Of a call of which nothing but its request can be read: it may have been begun. */
export function recoveredCall(call: QueuedCall, sequence: number): StoredCall {
  return { record: { ...newRecord(call), state: 'retrying', attempts: 1 }, place: inLane(laneOf('call', call.functionKey), DUE_AGAIN, sequence) };
}

export function cancelledCall({ record }: StoredCall, nowMs: number): StoredCall {
  return { record: cancelledRecord(record, nowMs), kept: { as: 'ended', sinceMs: nowMs } };
}

/** Of a dead letter that is sent again. */
export function redrivenCall({ record }: StoredCall, { sequence, nowMs }: { readonly sequence: number; readonly nowMs: number }): StoredCall {
  return { record: redrivenRecord(record, nowMs), place: inLane(laneOf('call', record.functionKey), NEW, sequence) };
}

function inLane(lane: Lane, rank: Position['rank'], sequence: number): Place {
  return { at: 'lane', lane, rank, sequence };
}
