import { ACCEPT_MS, BUSY_MS, CALLS_PER_LOOK, CallTurns, MAX_DEFERRED_CALLS, MAX_TURN_WAIT_MS, SLICE_MS } from './call-turns';

/** Of calls that cost what they do below if nothing else is said. */
const A_SLICE = SLICE_MS / 0.1;

/** A loop that turns when it is told to; a call takes `costMs` of it. */
function setUp({ costMs = 0.1 } = {}) {
  let nowMs = 1_000;
  let pending: (() => void)[] = [];
  const settled: string[] = [];
  const turns = new CallTurns(() => nowMs, (action) => void pending.push(action));
  const settle = (text: string) => {
    nowMs += costMs;
    settled.push(text);
  };
  return {
    turns,
    settled,
    pending: () => pending.length,
    pass: (ms: number) => (nowMs += ms),
    turn: () => {
      const due = pending;
      pending = [];
      for (const action of due) action();
    },
    /** As the server does. */
    arrive: (lane: string, name = lane) => {
      if (turns.mayBegin()) settle(name);
      else turns.defer(lane, { begin: () => settle(name), refuse: () => settle(`refused ${name}`) });
    },
  };
}

describe('CallTurns', () => {
  it('begins calls on the spot, and asks for a turn with few of them', () => {
    const { arrive, turn, settled, pending } = setUp();
    let asked = 0;
    for (let i = 0; i < 10 * CALLS_PER_LOOK; i++) {
      arrive('fn');
      asked += pending();
      turn();
    }
    expect(settled).toHaveLength(10 * CALLS_PER_LOOK);
    expect(asked).toBe(10);
  });

  it('lets no more begin in one turn than fit in a slice; the rest begins in later ones, in order', () => {
    const { arrive, turn, settled } = setUp();
    const calls = 3 * A_SLICE;
    for (let i = 0; i < calls; i++) arrive('fn', String(i));
    const inFirst = settled.length;
    expect(inFirst * 0.1).toBeGreaterThanOrEqual(SLICE_MS);
    expect((inFirst - CALLS_PER_LOOK) * 0.1).toBeLessThan(SLICE_MS + 0.2);
    turn();
    expect((settled.length - inFirst) * 0.1).toBeLessThan(SLICE_MS + 0.2);
    for (let i = 0; i < 2; i++) turn();
    expect(settled).toEqual(Array.from({ length: calls }, (_, i) => String(i)));
  });

  it('is not in the way of calls that come at a stretch over many turns', () => {
    const { arrive, turn, settled } = setUp();
    for (let i = 0; i < 1_000; i++) {
      arrive('fn');
      if (i % (A_SLICE / 2) === 0) turn();
    }
    expect(settled).toHaveLength(1_000);
  });

  it('a newcomer does not overtake those that wait', () => {
    const { arrive, pass, turn, settled } = setUp();
    for (let i = 0; i < 1.5 * A_SLICE + CALLS_PER_LOOK; i++) arrive('fn', String(i));
    pass(50);
    arrive('fn', 'late');
    turn();
    expect(settled.at(-1)).toBe('late');
  });

  it('lanes take turns: the call of a quiet function waits behind one of each other', () => {
    const { arrive, turn, settled } = setUp();
    for (let i = 0; i < 1_000; i++) arrive('flood');
    arrive('quiet');
    const before = settled.length;
    turn();
    expect(settled.indexOf('quiet') - before).toBeLessThan(2);
  });

  it('refuses a call that has waited too long, and one that is too many', () => {
    const { arrive, pass, turn, settled } = setUp();
    for (let i = 0; i < 200; i++) arrive('fn');
    pass(MAX_TURN_WAIT_MS + 1);
    turn();
    expect(settled.at(-1)).toBe('refused fn');
    const many = setUp();
    for (let i = 0; i < MAX_DEFERRED_CALLS + 200; i++) many.arrive('fn', String(i));
    expect(many.settled.at(-1)).toBe(`refused ${MAX_DEFERRED_CALLS + 199}`);
    expect(many.settled.filter((text) => text.startsWith('refused')).length).toBeLessThan(200);
    many.arrive('quiet');
    expect(many.settled).not.toContain('refused quiet');
  });

  it('accepts the connections that wait before it goes on with calls, but not for ever', () => {
    const { arrive, pass, turn, turns, settled } = setUp();
    for (let i = 0; i < 10 * A_SLICE; i++) arrive('fn');
    const begunBy = (work: () => void) => {
      const before = settled.length;
      work();
      return settled.length - before;
    };
    const acceptOne = () => {
      turns.accepted();
      turn();
      pass(1);
    };
    for (let ms = 0; ms < ACCEPT_MS; ms++) expect(begunBy(acceptOne)).toBe(0);
    expect(begunBy(acceptOne)).toBeGreaterThan(0);
    expect(begunBy(acceptOne)).toBe(0);
    // None has come in the turn that has just ended.
    expect(begunBy(turn)).toBeGreaterThan(0);
  });

  it('is busy for a while after a long turn, and not for a short one', () => {
    const { arrive, pass, turn, turns } = setUp();
    for (let i = 0; i < 40; i++) arrive('fn');
    turn();
    expect(turns.busy).toBe(false);
    for (let i = 0; i < 200; i++) arrive('fn');
    pass(10); // With what else there was to do.
    turn();
    expect(turns.busy).toBe(true);
    pass(BUSY_MS);
    expect(turns.busy).toBe(false);
  });

  it('begins on the spot again when nobody waits any more', () => {
    const { arrive, pass, turn, settled, pending } = setUp();
    for (let i = 0; i < 1.5 * A_SLICE; i++) arrive('fn');
    turn();
    expect(settled).toHaveLength(1.5 * A_SLICE);
    pass(50);
    arrive('fn', 'last');
    expect(settled.at(-1)).toBe('last');
    expect(pending()).toBe(0);
  });
});
