import type { QueueDepth } from '@shoal/domain/queue/invocation-queue';
import { partsOf, type Lane } from '@shoal/domain/queue/lane';
import { NEW, type StoredCall } from './stored-call';
import type { Tables } from './tables';

type Phase = 'queued' | 'unfinished' | 'callbacks' | 'dead';
type Counts = Record<Phase, number>;

/** How many calls of each function are in which phase. In memory; one entry for each function that has any. */
export class QueueCounts {
  private readonly counts = new Map<string, Counts>();
  /** All that have not ended. */
  open = 0;

  /** A call that was `before` has become `after`. */
  move(before: StoredCall | undefined, after: StoredCall | undefined): void {
    if (before) for (const phase of phasesOf(before)) this.add(before.record.functionKey, phase, -1);
    if (after) for (const phase of phasesOf(after)) this.add(after.record.functionKey, phase, 1);
  }

  add(functionKey: string, phase: Phase, by: 1 | -1): void {
    const counts = this.counts.get(functionKey) ?? { queued: 0, unfinished: 0, callbacks: 0, dead: 0 };
    counts[phase] += by;
    if (phase === 'queued' || phase === 'unfinished') this.open += by;
    if (counts.queued + counts.unfinished + counts.callbacks + counts.dead > 0) this.counts.set(functionKey, counts);
    else this.counts.delete(functionKey);
  }

  list(): readonly Omit<QueueDepth, 'oldestMs'>[] {
    return [...this.counts].map(([functionKey, counts]) => ({ functionKey, ...counts }));
  }
}

/** Counts what is in the tables by their keys. `lastSequence` is the highest in use. */
export function countTables({ lanes, claims, waiting, deadOfFunction }: Tables): { readonly counts: QueueCounts; readonly lastSequence: number } {
  const counts = new QueueCounts();
  let lastSequence = 0;
  for (const [lane, rank, sequence] of lanes.getKeys()) {
    counts.add(partsOf(lane).functionKey, phaseOf(lane, rank === NEW), 1);
    lastSequence = Math.max(lastSequence, sequence);
  }
  for (const { value } of claims.getRange()) {
    counts.add(partsOf(value.lane).functionKey, phaseOf(value.lane, false), 1);
    lastSequence = Math.max(lastSequence, value.sequence);
  }
  for (const { value: lane } of waiting.getRange()) counts.add(partsOf(lane).functionKey, phaseOf(lane, false), 1);
  for (const [functionKey] of deadOfFunction.getKeys()) counts.add(functionKey, 'dead', 1);
  return { counts, lastSequence };
}

function phasesOf({ place, kept }: StoredCall): readonly Phase[] {
  const phases: Phase[] = place ? [phaseOf(place.lane, place.at === 'lane' && place.rank === NEW)] : [];
  return kept?.as === 'dead' ? [...phases, 'dead'] : phases;
}

function phaseOf(lane: Lane, isNew: boolean): Phase {
  if (partsOf(lane).kind === 'callback') return 'callbacks';
  return isNew ? 'queued' : 'unfinished';
}
