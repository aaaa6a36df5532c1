/**
 * Of the connections that wait to be accepted Node takes one each time the event loop turns. While there are such, the loop turns
 * for them alone, for so long at a stretch.
 */
export const ACCEPT_MS = 10;
/** Calls begin for so long at a stretch; then other connections, answers and the control plane have their turn. */
export const SLICE_MS = 3;
/** Of so many calls one asks when the event loop turns, which costs more than all else here. */
export const CALLS_PER_LOOK = 16;
/** A turn of the event loop that takes longer than this is of a process that has no time to spare. */
const LONG_TURN_MS = 10;
/** It counts as busy for so long after such a turn. */
export const BUSY_MS = 1_000;
/** A call that has waited for so long is refused. */
export const MAX_TURN_WAIT_MS = 1_000;
/** Beyond so many only the first of a lane waits; others are refused at once. */
export const MAX_DEFERRED_CALLS = 10_000;

/** A call whose turn is to come; one of the two is called, once. */
export interface DeferredCall {
  begin(): void;
  refuse(): void;
}

/**
 * Keeps calls from taking all of the event loop, as thousands that come at once would: while it hands out what has come on
 * a thousand connections, and comes again on those that are answered, nothing else has its turn, the control plane neither.
 *
 * A call begins on the spot unless calls have begun for `SLICE_MS` in this turn of the event loop, or others wait already. Then
 * it waits in a lane, one for each function that exists; lanes take turns, so that one with thousands does not hold up the others. What
 * has waited too long is refused.
 */
export class CallTurns {
  /** The calls that wait, each with the time when it came; a lane that has had its turn goes to the end. */
  private readonly lanes = new Map<string, Map<DeferredCall, number>>();
  private waiting = 0;
  /** Whether it will be told when the event loop turns; since when, at `sinceMs`. */
  private armed = false;
  private sinceMs = 0;
  /** Calls that have begun since it was told last. */
  private begun = 0;
  private busyUntilMs = -Infinity;
  /** A connection was accepted since the last turn. */
  private hasAccepted = false;
  /** When calls begin again though there are more of these; absent outside of such a stretch. */
  private acceptUntilMs: number | undefined;

  /** @param afterTurn runs an action when the event loop has looked at everything else once. */
  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly afterTurn: (action: () => void) => void = setImmediate,
  ) {}

  /** Whether a call may begin on the spot. If not, it is to be deferred. */
  mayBegin(): boolean {
    if (this.waiting > 0) return false;
    if (this.armed) return this.nowMs() - this.sinceMs < SLICE_MS;
    if (++this.begun >= CALLS_PER_LOOK) this.arm(this.nowMs());
    return true;
  }

  /** To be told of each new connection. */
  accepted(): void {
    this.hasAccepted = true;
  }

  /** Whether turns have been long lately. Then refusing calls takes the time of those that are served. */
  get busy(): boolean {
    return this.nowMs() < this.busyUntilMs;
  }

  /** After `mayBegin` has said no. */
  defer(lane: string, call: DeferredCall): void {
    const calls = this.lanes.get(lane);
    if (calls && this.waiting >= MAX_DEFERRED_CALLS) return call.refuse();
    this.waiting++;
    if (calls) calls.set(call, this.nowMs());
    else this.lanes.set(lane, new Map([[call, this.nowMs()]]));
  }

  private arm(nowMs: number): void {
    this.armed = true;
    this.sinceMs = nowMs;
    this.afterTurn(this.turn);
  }

  private readonly turn = (): void => {
    this.armed = false;
    this.begun = 0;
    let nowMs = this.nowMs();
    if (nowMs - this.sinceMs > LONG_TURN_MS) this.busyUntilMs = nowMs + BUSY_MS;
    const { hasAccepted } = this;
    this.hasAccepted = false;
    if (this.waiting > 0 && hasAccepted && nowMs < (this.acceptUntilMs ??= nowMs + ACCEPT_MS)) return this.arm(nowMs);
    this.acceptUntilMs = undefined;
    const endMs = nowMs + SLICE_MS;
    for (; this.waiting > 0 && nowMs < endMs; nowMs = this.nowMs()) this.settleNext(nowMs);
    if (this.waiting > 0) this.arm(nowMs);
  };

  /** The first call of the lane whose turn it is. */
  private settleNext(nowMs: number): void {
    const [lane, calls] = firstOf(this.lanes);
    const [call, arrivedMs] = firstOf(calls);
    calls.delete(call);
    this.waiting--;
    this.lanes.delete(lane);
    if (calls.size > 0) this.lanes.set(lane, calls);
    if (nowMs - arrivedMs > MAX_TURN_WAIT_MS) call.refuse();
    else call.begin();
  }
}

/** Of a map that is not empty. */
function firstOf<K, V>(map: ReadonlyMap<K, V>): readonly [K, V] {
  return map.entries().next().value!;
}
