import type { Participant } from './allotments';
import type { FunctionEntry, ReplicaDirectory } from './replica-directory';

/** What processes have of one function's calls. */
export interface CallCounts {
  readonly key: string;
  readonly waiting: number;
  /** Calls that run, by the replica's id; those with none are left out. */
  readonly running: Readonly<Record<string, number>>;
}

/** Notices which of this process's counts have changed. */
export class CallCountReport {
  private readonly last = new Map<string, CallCounts>();

  constructor(private readonly directory: Pick<ReplicaDirectory, 'find'>) {}

  /** @param keys of functions of which calls have started or ended since. */
  take(keys: readonly string[]): CallCounts[] {
    const changed: CallCounts[] = [];
    // Calls that were there may have moved on without an end.
    for (const key of new Set([...keys, ...this.last.keys()])) {
      const before = this.last.get(key) ?? nothing(key);
      const now = countsOf(key, this.directory.find(key));
      if (isSame(before, now)) continue;
      changed.push(now);
      if (isNothing(now)) this.last.delete(key);
      else this.last.set(key, now);
    }
    return changed;
  }
}

/** Adds up for each process what all others have told. */
export class CallCountSums {
  /** By function key. */
  private readonly told = new Map<string, Map<Participant, CallCounts>>();
  private readonly changed = new Set<string>();

  tell(from: Participant, all: readonly CallCounts[]): void {
    for (const counts of all) {
      const ofFunction = this.told.get(counts.key) ?? new Map<Participant, CallCounts>();
      if (isNothing(counts)) ofFunction.delete(from);
      else ofFunction.set(from, counts);
      if (ofFunction.size === 0) this.told.delete(counts.key);
      else this.told.set(counts.key, ofFunction);
      this.changed.add(counts.key);
    }
  }

  leave(participant: Participant): void {
    for (const [key, ofFunction] of this.told) if (ofFunction.has(participant)) this.tell(participant, [nothing(key)]);
  }

  /** Keys of functions of which something has changed since they were taken. */
  takeChanged(): readonly string[] {
    const keys = [...this.changed];
    this.changed.clear();
    return keys;
  }

  /** What all but `participant` have. */
  elsewhere(participant: Participant, key: string): CallCounts {
    let waiting = 0;
    const running: Record<string, number> = {};
    for (const [other, counts] of this.told.get(key) ?? []) {
      if (other === participant) continue;
      waiting += counts.waiting;
      for (const [replicaId, calls] of Object.entries(counts.running)) running[replicaId] = (running[replicaId] ?? 0) + calls;
    }
    return { key, waiting, running };
  }
}

/** Notes in a process's directory what others have. */
export function noteElsewhere(directory: Pick<ReplicaDirectory, 'find'>, { key, waiting, running }: CallCounts): void {
  const entry = directory.find(key);
  if (!entry) return;
  entry.waitingElsewhere = waiting;
  for (const slot of entry.slots) slot.elsewhere = running[slot.replica.id] ?? 0;
}

function countsOf(key: string, entry: FunctionEntry | undefined): CallCounts {
  if (!entry) return nothing(key);
  const running: Record<string, number> = {};
  for (const { replica, inFlight } of entry.slots) if (inFlight > 0) running[replica.id] = inFlight;
  return { key, waiting: entry.waiting.size, running };
}

function nothing(key: string): CallCounts {
  return { key, waiting: 0, running: {} };
}

function isNothing({ waiting, running }: CallCounts): boolean {
  return waiting === 0 && Object.keys(running).length === 0;
}

function isSame(a: CallCounts, b: CallCounts): boolean {
  const ids = Object.keys(a.running);
  return a.waiting === b.waiting && ids.length === Object.keys(b.running).length && ids.every((id) => a.running[id] === b.running[id]);
}
