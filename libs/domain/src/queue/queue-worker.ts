import { Call } from '../invocation/calls';
import type { Clock } from '../shared/clock';
import { messageOf } from '../shared/errors';
import { callbackOf, nextCallbackStep } from './callback';
import type { CallbackSender, Invoker } from './invoker';
import type { Claim, InvocationQueue, Settlement } from './invocation-queue';
import { partsOf, type Lane, type LaneKind } from './lane';
import { Places } from './places';
import { LaneWork } from './lane-work';
import type { CallRecord } from './queued-call';
import type { QueueEvent, QueueObserver } from './queue-observer';
import { asksForLess, attemptOf, deadlineOf, nextStep, outcomeOf, overdue } from './retry-policy';

/** Taken from one lane in one go, so that one flood does not fill all places at once. */
const MAX_TAKE = 32;
/** A function has no more than this part of all places, so that a few slow ones cannot have them all. */
const MAX_PART = 4;
/** Callbacks on their way at a time; they take no places of calls. */
const MAX_CALLBACKS = 64;
/** Callbacks of one function on their way at a time. */
const CALLBACK_CONCURRENCY = 8;
/** How long a queue that cannot be reached is left alone. */
const PAUSE_MS = 500;
/** What was broken off at the end goes back within this. */
const SETTLE_MS = 3_000;
/** A call that waited so long for room shows that the function has none, although nobody says no. */
const CROWDED_MS = 1_000;
/** Lanes of which is remembered what they can take; idle ones beyond that are forgotten. */
const MAX_LANES = 10_000;

export interface QueueWorkerOptions {
  readonly queue: InvocationQueue;
  readonly invoker: Invoker;
  readonly callbacks: CallbackSender;
  readonly observer: QueueObserver;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Calls that this worker has under way at a time; callbacks have places of their own. */
  readonly concurrency: number;
  /** How long one attempt may take in all. */
  readonly callLimitMs: number;
  /** How often a claim is renewed. */
  readonly renewMs: number;
  readonly defaultNamespace: string;
  /** Told when the queue cannot be reached, once, and with `undefined` when it can again. */
  readonly problem: (text: string | undefined) => void;
}

/**
 * Takes calls from the queue and runs them, several at a time, and sends their outcomes on.
 *
 * A lane is *hungry* while it may have calls and has room for them. Places are handed out to hungry lanes in turn, so
 * a function that floods the queue gets its share and no more. How much room a function's lane has follows from how
 * its calls end.
 */
export class QueueWorker {
  private readonly lanes = new Map<Lane, LaneWork>();
  private readonly places: Readonly<Record<LaneKind, Places>>;
  private readonly running = new Map<Claim, Call>();
  private problem: string | undefined;
  private draining = false;
  private drained: (() => void) | undefined;

  constructor(private readonly options: QueueWorkerOptions) {
    this.places = { call: new Places(options.concurrency), callback: new Places(MAX_CALLBACKS) };
  }

  /** Begins to work. Rejects as `InvocationQueue.watch` does. */
  async start(): Promise<void> {
    this.renewLater();
    await this.options.queue.watch({
      ready: (lane) => {
        this.laneWork(lane).mayHaveMore = true;
        this.feed(this.laneWork(lane));
      },
      cancelled: (id) => {
        for (const [claim, call] of this.running) if (claim.call.id === id) call.cancel();
      },
    });
  }

  /** Calls of a function that this worker runs now. */
  runningOf(functionKey: string): number {
    return this.lanes.get(`call:${functionKey}`)?.running ?? 0;
  }

  /** Calls of a function that ended in a second, over the last minute or so. */
  rateOf(functionKey: string): number {
    return this.lanes.get(`call:${functionKey}`)?.rate.perSecond(this.options.clock.monotonicMs()) ?? 0;
  }

  /**
   * Takes no more, and resolves when what runs has ended; what has not after `limitMs` is broken off and goes back. Where
   * the queue is away, its claims are left to lapse.
   */
  async drain(limitMs: number): Promise<void> {
    this.draining = true;
    if (this.isIdle) return;
    const { clock } = this.options;
    await new Promise<void>((resolve) => {
      this.drained = resolve;
      clock.after(limitMs, () => {
        for (const call of this.running.values()) call.cancel();
        clock.after(SETTLE_MS, resolve);
      });
    });
  }

  private laneWork(lane: Lane): LaneWork {
    let work = this.lanes.get(lane);
    if (!work) {
      if (this.lanes.size >= MAX_LANES) this.forgetIdleLanes();
      const isCallback = partsOf(lane).kind === 'callback';
      const most = isCallback ? CALLBACK_CONCURRENCY : Math.max(1, Math.ceil(this.options.concurrency / MAX_PART));
      this.lanes.set(lane, (work = new LaneWork(lane, most, isCallback)));
    }
    return work;
  }

  private forgetIdleLanes(): void {
    for (const [lane, work] of this.lanes) if (work.isIdle) this.lanes.delete(lane);
  }

  /** Puts a lane in turn if it is hungry, and hands out places. */
  private feed(work: LaneWork): void {
    const places = this.placesOf(work);
    if (work.isHungry) places.hungry.add(work);
    for (const next of places.hungry) {
      if (places.free <= 0 || this.draining) return;
      places.hungry.delete(next);
      if (!next.isHungry) continue; // Its room has shrunk since; it comes again when one of its calls ends.
      const share = Math.max(1, Math.floor(places.free / (places.hungry.size + 1)));
      void this.take(next, Math.min(next.room, share, MAX_TAKE));
    }
  }

  private async take(work: LaneWork, most: number): Promise<void> {
    this.placesOf(work).free -= most;
    work.begin(most);
    let claims: readonly Claim[] = [];
    try {
      claims = await this.options.queue.take(work.lane, most);
      this.tellProblem(undefined);
      work.took(claims.length);
    } catch (error) {
      this.tellProblem(messageOf(error));
      work.took(0);
      this.options.clock.after(PAUSE_MS, () => {
        work.mayHaveMore = true;
        this.feed(work);
      });
    }
    this.leave(work, most - claims.length);
    for (const claim of claims) void this.work(work, claim);
    this.feed(work);
  }

  private leave(work: LaneWork, places: number): void {
    this.placesOf(work).free += places;
    work.leave(places);
    if (this.isIdle) this.drained?.();
  }

  private placesOf({ lane }: LaneWork): Places {
    return this.places[partsOf(lane).kind];
  }

  private get isIdle(): boolean {
    return Object.values(this.places).every((places) => places.isIdle);
  }

  private async work(work: LaneWork, claim: Claim): Promise<void> {
    const { clock, callLimitMs } = this.options;
    const call = new Call(clock, Math.max(1, Math.min(callLimitMs, deadlineOf(claim.call.retry, claim.record) - clock.nowMs())));
    this.running.set(claim, call);
    const settlement = partsOf(claim.lane).kind === 'call' ? await this.run(work, claim, call) : await this.sendCallback(claim);
    await this.settle(claim, settlement);
    this.running.delete(claim);
    this.leave(work, 1);
    this.feed(work);
  }

  private async run(work: LaneWork, { call: queued, record }: Claim, call: Call): Promise<Settlement> {
    const { invoker, queue, clock, random } = this.options;
    if (this.draining) return { kind: 'release' };
    const reason = overdue(queued.retry, record, clock.nowMs());
    if (reason !== undefined) return this.end(record, { state: 'failed', outcome: { durationMs: 0, ...record.outcome, ...reason, message: afterwards(reason.message, record) } });
    work.limit.max = queued.concurrency;
    const full = work.room <= 0;
    const { attempt, waitedMs } = await invoker.invoke(queued, { call, repeats: record.attempts - 1, maxAnswerBytes: queue.maxBodyBytes });
    if (asksForLess(attempt) || waitedMs > CROWDED_MS) work.limit.refused(clock.monotonicMs());
    else work.limit.taken(full);
    const outcome = outcomeOf(attempt, call.elapsedMs());
    // What was answered in the last moment counts: to begin it anew would be to run it twice.
    if (call.cancelled && attempt.kind === 'failed') {
      // For the end of this process: somebody else begins it anew. Else by its caller: that is written down already.
      return this.draining ? { kind: 'retry', record: { ...record, state: 'retrying', outcome, nextAttemptMs: clock.nowMs() } } : { kind: 'release' };
    }
    const next = nextStep(queued.retry, record, attempt, { nowMs: clock.nowMs(), random: random() });
    if (next.kind === 'retry') {
      this.observed(record, 'retried');
      const refusals = record.refusals + (next.counts ? 0 : 1);
      return { kind: 'retry', record: { ...record, state: 'retrying', outcome, refusals, nextAttemptMs: next.atMs } };
    }
    work.rate.count(clock.monotonicMs());
    const settlement = this.end(record, { state: next.kind, outcome });
    return attempt.kind === 'answered' ? { ...settlement, answer: attempt.answer } : settlement;
  }

  private end(record: CallRecord, changes: Pick<CallRecord, 'outcome'> & { readonly state: 'succeeded' | 'failed' }): Settlement & { kind: 'end' } {
    this.observed(record, changes.state);
    return { kind: 'end', record: { ...record, ...changes, endedMs: this.options.clock.nowMs() } };
  }

  private async sendCallback({ call, record, answer }: Claim): Promise<Settlement> {
    const { clock, random, callbacks, defaultNamespace } = this.options;
    if (this.draining) return { kind: 'release' };
    const attempt = await attemptOf(() => callbacks.send(callbackOf(call, record, answer, defaultNamespace)));
    const attempts = record.callback!.attempts + 1;
    const next = nextCallbackStep(record, attempts, attempt, { nowMs: clock.nowMs(), random: random() });
    const told = attempt.kind === 'answered' ? { status: attempt.answer.status } : { message: attempt.message };
    const callback = { url: record.callback!.url, attempts, ...told };
    if (next.kind === 'retry') {
      this.observed(record, 'callback-retried');
      return { kind: 'retry', record: { ...record, callback: { ...callback, state: 'pending' }, nextAttemptMs: next.atMs } };
    }
    this.observed(record, next.kind === 'succeeded' ? 'callback-delivered' : 'callback-failed');
    const { nextAttemptMs: _, ...ended } = record;
    return { kind: 'callback-end', record: { ...ended, callback: { ...callback, state: next.kind === 'succeeded' ? 'delivered' : 'failed' } } };
  }

  /** What was done is not to be done again only because the queue is away: this is tried until it is there, and holds the place. */
  private async settle(claim: Claim, settlement: Settlement): Promise<void> {
    for (;;) {
      try {
        await this.options.queue.settle(claim, settlement);
        return this.tellProblem(undefined);
      } catch (error) {
        this.tellProblem(messageOf(error));
        await new Promise<void>((resolve) => this.options.clock.after(PAUSE_MS, resolve));
      }
    }
  }

  private renewLater(): void {
    this.options.clock.after(this.options.renewMs, () => {
      for (const claim of this.running.keys()) {
        // A renewal that fails is made up for by the next, or the claim is lost and settling it changes nothing.
        this.options.queue.renew(claim).catch((error: unknown) => this.tellProblem(messageOf(error)));
      }
      this.renewLater();
    });
  }

  private tellProblem(problem: string | undefined): void {
    if (this.problem === problem) return;
    this.problem = problem;
    this.options.problem(problem);
  }

  private observed({ functionKey }: CallRecord, event: QueueEvent): void {
    this.options.observer.observed(functionKey, event);
  }
}

/** With what was wrong before, if anything was. */
function afterwards(message: string, { outcome }: CallRecord): string {
  return outcome?.message === undefined ? message : `${message}; the attempt before: ${outcome.message}`;
}
