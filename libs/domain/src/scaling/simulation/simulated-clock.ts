import type { Clock, Timer } from '../../shared/clock';

interface Event {
  readonly atMs: number;
  /** Breaks ties: what was asked for first comes first. */
  readonly order: number;
  action: (() => void) | undefined;
}

/** Time that jumps from event to event. */
export class SimulatedClock implements Clock {
  private now = 0;
  private asked = 0;
  /** A binary heap: no event comes before its parent, which is at half its index. The first place stays empty. */
  private readonly heap: Event[] = [{ atMs: -Infinity, order: -1, action: undefined }];

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  after(delayMs: number, action: () => void): Timer {
    const event: Event = { atMs: this.now + delayMs, order: this.asked++, action };
    this.insert(event);
    return { cancel: () => (event.action = undefined) };
  }

  /** Runs all that is due until then, in order. */
  runUntil(endMs: number): void {
    while (this.heap.length > 1 && this.heap[1]!.atMs <= endMs) {
      const { atMs, action } = this.takeFirst();
      this.now = atMs;
      action?.();
    }
    this.now = endMs;
  }

  private insert(event: Event): void {
    const { heap } = this;
    let place = heap.length;
    heap.push(event);
    while (comesBefore(event, heap[place >> 1]!)) {
      heap[place] = heap[place >> 1]!;
      place >>= 1;
    }
    heap[place] = event;
  }

  private takeFirst(): Event {
    const { heap } = this;
    const first = heap[1]!;
    const last = heap.pop()!;
    if (last === first) return first;
    let place = 1;
    for (;;) {
      let child = 2 * place;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && comesBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!comesBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function comesBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
