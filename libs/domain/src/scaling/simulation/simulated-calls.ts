import { MAX_WAITING_CALLS } from '../../invocation/calls';
import type { FunctionEntry, Slot, Waiter } from '../../invocation/replica-directory';
import type { Clock } from '../../shared/clock';
import type { Activator } from '../activator';
import type { Activity } from '../activity';
import { Quantiles } from './quantiles';
import type { SimulatedProvider, SimulatedReplica } from './simulated-provider';

export interface SimulatedCallsOptions {
  readonly provider: SimulatedProvider;
  readonly activator: Activator;
  readonly activity: Activity;
  readonly clock: Clock;
  /** How long a call may wait. */
  readonly patienceMs: number;
}

/**
 * What `Calls` does with a call, without a network: a replica with room, or a place in the queue. Not `Calls` itself: its
 * promises would take longer than all the rest, and time here must not pass while they settle.
 */
export class SimulatedCalls {
  /** Of calls that a replica took: until then, and until they had their answer. */
  readonly waitingMs = new Quantiles();
  readonly latencyMs = new Quantiles();
  came = 0;
  /** Of these, the ones that found too many waiting. */
  refused = 0;
  /** And the ones that had waited too long. */
  timedOut = 0;
  running = 0;
  waiting = 0;

  constructor(readonly options: SimulatedCallsOptions) {}

  come(entry: FunctionEntry, serviceMs: number): void {
    this.came++;
    this.options.activity.started(entry.key);
    const call = new SimulatedCall(this, entry, serviceMs);
    // Those who wait go first.
    const slot = entry.waiting.size === 0 ? entry.take() : undefined;
    if (slot) call.run(slot);
    else if (entry.waiting.size < MAX_WAITING_CALLS) call.wait();
    else {
      this.refused++;
      this.options.activity.ended(entry.key, 'over-capacity', 0, 0);
    }
  }

  /** Whether any call has not come to its end yet. */
  get busy(): boolean {
    return this.running + this.waiting > 0;
  }
}

class SimulatedCall implements Waiter {
  private readonly cameMs: number;

  constructor(
    private readonly calls: SimulatedCalls,
    private readonly entry: FunctionEntry,
    private readonly serviceMs: number,
  ) {
    this.cameMs = calls.options.clock.monotonicMs();
  }

  wait(): void {
    const { calls, entry } = this;
    const { activity, clock, patienceMs } = calls.options;
    entry.waiting.add(this);
    calls.waiting++;
    clock.after(patienceMs, () => {
      if (!entry.waiting.has(this)) return;
      this.leaveQueue();
      calls.timedOut++;
      activity.ended(entry.key, 'over-capacity', patienceMs, patienceMs);
    });
    this.look();
  }

  look(): void {
    const { entry, calls } = this;
    const slot = entry.take();
    if (slot) {
      this.leaveQueue();
      this.run(slot);
    } else if (entry.state.replicas === 0) {
      void calls.options.activator.wake(entry.state.spec);
    }
  }

  removed(): void {
    throw new Error('no function is removed from a simulation');
  }

  run(slot: Slot): void {
    const { calls, entry, cameMs, serviceMs } = this;
    const { activity, clock, provider } = calls.options;
    const replica = slot.replica as SimulatedReplica;
    const waitedMs = clock.monotonicMs() - cameMs;
    calls.waitingMs.add(waitedMs);
    calls.running++;
    provider.took(replica);
    clock.after(serviceMs, () => {
      calls.running--;
      calls.latencyMs.add(clock.monotonicMs() - cameMs);
      provider.gaveBack(replica);
      activity.ended(entry.key, 200, clock.monotonicMs() - cameMs, waitedMs);
      entry.giveBack(slot);
    });
  }

  private leaveQueue(): void {
    this.entry.waiting.delete(this);
    this.calls.waiting--;
  }
}
