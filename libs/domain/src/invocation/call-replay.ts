import type { Clock, Timer } from '../shared/clock';
import { CallBatchReader, type CallBatch, type CallEvent } from './call-log';
import type { CallObserver } from './call-observer';

/** Who says nothing for so long is not waited for. */
const SILENT_MS = 1_000;

/** While calls are replayed, the time at which they happened; else the time that it is. */
export class ReplayClock implements Clock {
  /** `undefined`: nothing is replayed. */
  replayedMs: number | undefined;

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.replayedMs === undefined ? this.clock.nowMs() : this.clock.nowMs() - this.clock.monotonicMs() + this.replayedMs;
  }

  monotonicMs(): number {
    return this.replayedMs ?? this.clock.monotonicMs();
  }

  after(delayMs: number, action: () => void): Timer {
    return this.clock.after(delayMs, action);
  }
}

/** Calls of one function that have started in one process, and not ended. */
interface Open {
  calls: number;
  /** Of their starts. */
  sumMs: number;
}

interface Source {
  readonly readers: CallBatchReader[];
  untilMs: number;
  heardMs: number;
  /** By function key. */
  readonly open: Map<string, Open>;
}

/**
 * Tells an observer of the calls of several processes, in the order in which they happened. That order is known up to the
 * moment of which all have told; what one tells too late counts as happening then.
 */
export class CallReplay<SourceId> {
  private readonly sources = new Map<SourceId, Source>();
  private lastMs = -Infinity;

  /** @param replayClock what the observer takes for the time. */
  constructor(
    private readonly observer: CallObserver,
    private readonly clock: Clock,
    private readonly replayClock: ReplayClock,
  ) {}

  join(id: SourceId): void {
    const nowMs = this.clock.monotonicMs();
    this.sources.set(id, { readers: [], untilMs: nowMs, heardMs: nowMs, open: new Map() });
  }

  /** Its calls that have not ended count as failed by our fault. */
  leave(id: SourceId): void {
    const source = this.sources.get(id);
    if (!source) return;
    source.untilMs = Infinity;
    this.replay(this.clock.monotonicMs());
    this.sources.delete(id);
    this.at(this.clock.monotonicMs(), (nowMs) => {
      for (const [key, { calls, sumMs }] of source.open) {
        for (let i = 0; i < calls; i++) this.observer.ended(key, 'internal', Math.max(0, nowMs - sumMs / calls), 0);
      }
    });
  }

  add(id: SourceId, batch: CallBatch): void {
    const source = this.sources.get(id);
    if (!source) return;
    if (batch.events.length > 0) source.readers.push(new CallBatchReader(batch));
    source.untilMs = batch.untilMs;
    source.heardMs = this.clock.monotonicMs();
    this.replay(this.toldMs());
  }

  /** The moment of which all have told who are not silent. */
  private toldMs(): number {
    const nowMs = this.clock.monotonicMs();
    let toldMs = nowMs;
    for (const { untilMs, heardMs } of this.sources.values()) if (nowMs - heardMs < SILENT_MS) toldMs = Math.min(toldMs, untilMs);
    return toldMs;
  }

  private replay(toldMs: number): void {
    const sources = [...this.sources.values()];
    for (;;) {
      let first: Source | undefined;
      let firstMs = Infinity;
      let secondMs = Infinity;
      for (const source of sources) {
        const nextMs = source.readers[0]?.nextMs ?? Infinity;
        if (nextMs < firstMs) [first, secondMs, firstMs] = [source, firstMs, nextMs];
        else if (nextMs < secondMs) secondMs = nextMs;
      }
      if (!first || firstMs > toldMs) return;
      const reader = first.readers[0]!;
      while (reader.nextMs <= Math.min(toldMs, secondMs)) this.tell(first, reader.read());
      if (reader.nextMs === Infinity) first.readers.shift();
    }
  }

  private tell(source: Source, { key, atMs, outcome, durationMs, waitedMs }: CallEvent): void {
    let open = source.open.get(key);
    if (!open) source.open.set(key, (open = { calls: 0, sumMs: 0 }));
    if (outcome === undefined) {
      open.calls++;
      open.sumMs += atMs;
      this.at(atMs, () => this.observer.started(key));
      return;
    }
    open.calls--;
    open.sumMs -= atMs - durationMs;
    if (open.calls === 0) source.open.delete(key);
    this.at(atMs, () => this.observer.ended(key, outcome, durationMs, waitedMs));
  }

  private at(ms: number, action: (atMs: number) => void): void {
    this.lastMs = Math.max(this.lastMs, ms);
    this.replayClock.replayedMs = this.lastMs;
    try {
      action(this.lastMs);
    } finally {
      this.replayClock.replayedMs = undefined;
    }
  }
}
