import type { Replica } from '../functions/function-provider';
import { functionKey, type FunctionId } from '../functions/function-spec';
import type { Activator } from '../scaling/activator';
import type { Clock } from '../shared/clock';
import { messageOf, ShoalError } from '../shared/errors';
import type { CallObserver, CallOutcome } from './call-observer';
import type { FunctionEntry, ReplicaDirectory, Slot, Waiter } from './replica-directory';

/** Calls that may wait for one function at a time; one more is refused. */
export const MAX_WAITING_CALLS = 1_000;
/** How long a replica that refused a connection gets no calls, unless the provider reports it anew. */
const DISTRUST_MS = 1_000;
const RETRY_AFTER_SECONDS = 1;

/** One call on its way, as its caller and its exchange see it. Times are in milliseconds. */
export class Call {
  readonly startedMs: number;
  /** Waited for room on a replica. */
  queuedMs = 0;
  /** Waited for the function to wake up. */
  wokenMs = 0;
  /** Spent in the gateway itself before the replica got the call. */
  gatewayMs = 0;
  /** Whether the caller has left. */
  cancelled = false;
  private onCancel: (() => void) | undefined;

  /** @param limitMs how long the call may take in all, waiting included. */
  constructor(
    readonly clock: Clock,
    readonly limitMs: number,
  ) {
    this.startedMs = clock.monotonicMs();
  }

  elapsedMs(): number {
    return this.clock.monotonicMs() - this.startedMs;
  }

  /** The replica gets the call now. */
  forwarded(): void {
    this.gatewayMs = this.elapsedMs() - this.queuedMs - this.wokenMs;
  }

  remainingMs(): number {
    return Math.max(0, this.limitMs - this.elapsedMs());
  }

  /** The caller has left: a waiting call gives up its place, a running one is stopped by whoever runs it. */
  cancel(): void {
    this.cancelled = true;
    this.onCancel?.();
  }

  /** One action at a time; `undefined` takes it back. */
  whenCancelled(action: (() => void) | undefined): void {
    this.onCancel = action;
  }
}

/**
 * Moves the bytes of one call to a replica and back, and resolves with the status that the caller got.
 * Rejects with `replica-unreachable` only when the replica has not been sent anything: such a call is tried on another.
 */
export type Exchange = (replica: Replica, call: Call) => Promise<number>;

/** Admits calls, picks the replica of each, and counts them. Without `async`, whose frames were a fifth of a call's garbage. */
export class Calls {
  /**
   * @param unreachable told of every replica that refused a connection, or did not answer one.
   * @param maxWaiting calls that may wait for one function here.
   */
  constructor(
    private readonly directory: ReplicaDirectory,
    private readonly activator: Pick<Activator, 'wake'>,
    private readonly observer: CallObserver,
    private readonly clock: Clock,
    private readonly unreachable: (id: FunctionId, replicaId: string) => void = () => undefined,
    private readonly maxWaiting = MAX_WAITING_CALLS,
  ) {}

  has(id: FunctionId): boolean {
    return this.directory.find(functionKey(id)) !== undefined;
  }

  /** Counts a call that is refused before it could run: for the function it is load as any other. */
  refuse(id: FunctionId, call: Call, outcome: CallOutcome): void {
    const entry = this.directory.find(functionKey(id));
    if (!entry) return;
    this.observer.started(entry.key);
    this.observer.ended(entry.key, outcome, call.elapsedMs(), 0);
  }

  /**
   * Runs `exchange` against a ready replica: at once when one has room, else in turn, waking the function if it sleeps.
   *
   * A replica that cannot be reached has not had the call, which then goes on to another for as long as it may take: how
   * many have failed it says nothing of the next. Each of them gets no more calls for a while, so that all are tried.
   *
   * Rejects as `exchange` does, with `replica-unreachable` only when the time is over; and with `function-not-found`;
   * `over-capacity` when too many wait or the wait was too long; `not-ready` with the backend's reason;
   * `not-ready-in-time`; `client-closed`.
   */
  run(id: FunctionId, call: Call, exchange: Exchange): Promise<void> {
    const entry = this.directory.find(functionKey(id));
    if (!entry) return Promise.reject(new ShoalError('function-not-found', `function ${functionKey(id)} does not exist`));
    this.observer.started(entry.key);
    const ended = (outcome: CallOutcome) => this.observer.ended(entry.key, outcome, call.elapsedMs(), call.queuedMs + call.wokenMs);
    return this.attempt(entry, call, exchange).then(ended, (error: unknown) => {
      ended(error instanceof ShoalError ? error.code : 'internal');
      throw error;
    });
  }

  /** @param refusal why the last replica has not had the call. */
  private attempt(entry: FunctionEntry, call: Call, exchange: Exchange, refusal?: ShoalError): Promise<number> {
    // Those who wait go first: a newcomer must not overtake them.
    const slot = entry.waiting.size === 0 ? entry.take() : undefined;
    if (slot) return this.exchangeOn(slot, entry, call, exchange);
    return this.waitForSlot(entry, call, refusal).then((freed) => this.exchangeOn(freed, entry, call, exchange));
  }

  private exchangeOn(slot: Slot, entry: FunctionEntry, call: Call, exchange: Exchange): Promise<number> {
    return begun(exchange, slot.replica, call).then(
      (status) => {
        entry.giveBack(slot);
        return status;
      },
      (error: unknown) => {
        const unreachable = error instanceof ShoalError && error.code === 'replica-unreachable';
        if (unreachable) this.distrust(slot, entry);
        entry.giveBack(slot);
        if (!unreachable || call.remainingMs() === 0) throw error;
        return this.attempt(entry, call, exchange, error);
      },
    );
  }

  private distrust(slot: Slot, entry: FunctionEntry): void {
    slot.usable = false;
    this.unreachable(entry.id, slot.replica.id);
    this.clock.after(DISTRUST_MS, () => entry.trustAgain(slot));
  }

  /** @param refusal why the last replica has not had the call. */
  private waitForSlot(entry: FunctionEntry, call: Call, refusal: ShoalError | undefined): Promise<Slot> {
    // Its replica has refused the call, and no other one comes.
    if (entry.isRemoved) return Promise.reject(removedMeanwhile(entry));
    if (entry.waiting.size >= this.maxWaiting) {
      return Promise.reject(overCapacity(`${this.maxWaiting} calls wait for function ${entry.key} already`, call));
    }
    const waitStartedMs = this.clock.monotonicMs();
    const asleep = !entry.hasUsableReplica;
    return new Promise<Slot>((resolve, reject) => {
      const leave = () => {
        entry.waiting.delete(waiter);
        timer.cancel();
        call.whenCancelled(undefined);
        const waitedMs = this.clock.monotonicMs() - waitStartedMs;
        if (asleep) call.wokenMs += waitedMs;
        else call.queuedMs += waitedMs;
      };
      const fail = (error: ShoalError) => {
        leave();
        reject(error);
      };
      // Also one that falls asleep while somebody waits.
      const wake = () => {
        this.activator.wake(entry.state.spec).catch((error: unknown) => {
          if (entry.waiting.has(waiter)) fail(notReady(entry, messageOf(error), call));
        });
      };
      const waiter: Waiter = {
        look: () => {
          const slot = entry.take();
          if (slot) {
            leave();
            resolve(slot);
          } else if (entry.state.replicas === 0) {
            wake();
          } else if (!entry.hasUsableReplica && entry.state.notReadyBecause !== undefined) {
            fail(notReady(entry, entry.state.notReadyBecause, call));
          }
        },
        removed: () => fail(removedMeanwhile(entry)),
      };
      const timer = this.clock.after(call.remainingMs(), () => fail(waitedTooLong(entry, call, refusal)));
      call.whenCancelled(() => fail(new ShoalError('client-closed', 'the caller left while the call was waiting')));
      entry.waiting.add(waiter);
      waiter.look();
    });
  }
}

/** A room must not stay taken, whatever goes wrong. */
function begun(exchange: Exchange, replica: Replica, call: Call): Promise<number> {
  try {
    return exchange(replica, call);
  } catch (error) {
    return rejected(error);
  }
}

async function rejected(error: unknown): Promise<never> {
  throw error;
}

function removedMeanwhile(entry: FunctionEntry): ShoalError {
  return new ShoalError('function-not-found', `function ${entry.key} was removed`);
}

function notReady(entry: FunctionEntry, reason: string, call: Call): ShoalError {
  return new ShoalError('not-ready', `function ${entry.key} is not ready: ${reason}`, {
    layer: 'provider',
    elapsedMs: Math.round(call.elapsedMs()),
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function waitedTooLong(entry: FunctionEntry, call: Call, refusal: ShoalError | undefined): ShoalError {
  if (entry.hasUsableReplica) return overCapacity(`no replica of function ${entry.key} had room in time`, call);
  if (refusal) return refusal;
  return new ShoalError('not-ready-in-time', `no replica of function ${entry.key} became ready in time`, {
    layer: 'gateway',
    limitMs: call.limitMs,
    elapsedMs: Math.round(call.elapsedMs()),
  });
}

function overCapacity(message: string, call: Call): ShoalError {
  return new ShoalError('over-capacity', message, {
    layer: 'gateway',
    elapsedMs: Math.round(call.elapsedMs()),
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
