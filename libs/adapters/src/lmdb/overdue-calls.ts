import type { Database } from 'lmdb';
import type { CallStore } from './call-store';
import { broughtForward, dueCall, orphanedCall } from './stored-call';

/** Calls that are moved or forgotten in one transaction, so that none takes long. */
const BATCH = 500;
/** From one round of forgetting to the next: what ended one by one is forgotten together. */
const FORGET_EVERY_MS = 1_000;

export interface KeepTimes {
  readonly keepEndedMs: number;
  readonly keepDeadMs: number;
}

/** Puts calls back into their lanes whose holders died with the process before this one. */
export async function returnClaims(store: CallStore): Promise<void> {
  await store.write((replace) => {
    for (const { key: id, value: position } of [...store.tables.claims.getRange()]) {
      const before = store.call(id);
      if (before) replace(id, before, orphanedCall(before, position));
    }
  });
}

/** Puts calls into their lanes that have waited for it. Resolves with when the next are due, or `undefined`. */
export async function offerDue(store: CallStore, nowMs: number): Promise<number | undefined> {
  const { waiting } = store.tables;
  const due = firstKeys(waiting).filter(([dueMs]) => dueMs <= nowMs);
  if (due.length > 0) {
    await store.write((replace) => {
      for (const [dueMs, id] of due) {
        const before = store.call(id);
        // Cancelled or redriven since it was looked up.
        if (before?.place?.at !== 'waiting' || before.place.dueMs !== dueMs) continue;
        replace(id, before, dueCall(before, before.place.lane, store.nextSequence()));
      }
    });
  }
  return firstMs(waiting);
}

/**
 * What has all that wait wait that much shorter: the clock by which they were told until when was set back. After a failure it
 * goes on behind those that it has seen to, so that none of them is brought forward twice.
 */
export function bringerForward(store: CallStore): (byMs: number) => Promise<void> {
  const { waiting } = store.tables;
  let last: [number, string] | undefined;
  return async (byMs) => {
    for (;;) {
      // Those that are brought forward come to lie before those that are not yet.
      const keys = [...waiting.getKeys({ limit: BATCH, ...(last ? { start: last, exclusiveStart: true } : {}) })];
      if (keys.length === 0) break;
      await store.write((replace) => {
        for (const [dueMs, id] of keys) {
          const before = store.call(id);
          if (before?.place?.at === 'waiting' && before.place.dueMs === dueMs) replace(id, before, broughtForward(before, before.place, byMs));
        }
      });
      last = keys.at(-1);
    }
    last = undefined;
  };
}

/** Forgets what has been kept for long enough. Resolves with when it should be called again, or `undefined`. */
export async function forgetOld(store: CallStore, { keepEndedMs, keepDeadMs }: KeepTimes, nowMs: number): Promise<number | undefined> {
  const { ended, dead } = store.tables;
  const old = [...keptUntil(ended, nowMs - keepEndedMs), ...keptUntil(dead, nowMs - keepDeadMs)];
  if (old.length > 0) {
    await store.write((replace) => {
      for (const [sinceMs, id] of old) {
        const before = store.call(id);
        // Redriven or purged since it was looked up.
        if (before?.kept?.sinceMs === sinceMs) replace(id, before, undefined);
      }
    });
  }
  if (old.length >= BATCH) return nowMs;
  const nextMs = Math.min((firstMs(ended) ?? Infinity) + keepEndedMs, (firstMs(dead) ?? Infinity) + keepDeadMs);
  return nextMs === Infinity ? undefined : Math.max(nextMs, nowMs + FORGET_EVERY_MS);
}

type Moments = Database<unknown, [number, string]>;

function keptUntil(table: Moments, lastMs: number): readonly [number, string][] {
  return firstKeys(table).filter(([sinceMs]) => sinceMs <= lastMs);
}

function firstKeys(table: Moments, limit = BATCH): readonly [number, string][] {
  return [...table.getKeys({ limit })];
}

function firstMs(table: Moments): number | undefined {
  return firstKeys(table, 1)[0]?.[0];
}
