import { existsSync } from 'node:fs';
import { ask } from '../e2e/ask';
import { WatchdogProcess, WATCHDOGS } from '../e2e/watchdog-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { expectKept, expectServedAgain, FaultyGateway } from './faulty-gateway';
import { Random } from './random';

const ROUNDS = howMany({ short: 1, long: 5 });
/** Longer than a call may take. */
const STOP_MS = howMany({ short: 6_000, long: 10_000 });
const SHORT_STOP_MS = 3_000;
/** By when who is ended by others has been. */
const ENDED_MS = 60_000;
/** A host that has said nothing for so long would have been replaced. */
const LONG_STOP_MS = 40_000;
const MOST_BEFORE_MS = 1_000;

jest.setTimeout(120_000 + ROUNDS * 60_000);

const isRunning = (pid: number) => existsSync(`/proc/${pid}`);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Find = (faulty: FaultyGateway) => readonly (number | undefined)[];

interface Stopping {
  readonly title: string;
  readonly find: Find;
  /** How long it is stopped; none for one that is ended by others before. */
  readonly stopMs?: number;
  /** For so long nobody can be answered. */
  readonly frozenMs?: number;
  /** What the gateway has said by then. */
  readonly says?: RegExp;
}

/** Stops with SIGSTOP, and, where it is still there, goes on with SIGCONT. */
async function stopUnderCalls(faulty: FaultyGateway, { title, find, stopMs, frozenMs = 0, says }: Stopping): Promise<void> {
  const random = new Random(faultSeed);
  const saidBefore = faulty.gateway.output.length;
  const calls = faulty.callSteadily();
  const tookMs: number[] = [];
  let lasted = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(random.below(MOST_BEFORE_MS));
      let victim: number | undefined;
      await faulty.gateway.until(() => (victim = random.pick(find(faulty))) !== undefined);
      process.kill(victim!, 'SIGSTOP');
      const stoppedMs = performance.now();
      if (stopMs === undefined) await faulty.gateway.until(() => !isRunning(victim!), ENDED_MS);
      else await sleep(stopMs);
      lasted = Math.max(lasted, performance.now() - stoppedMs);
      if (isRunning(victim!)) process.kill(victim!, 'SIGCONT');
      tookMs.push(await faulty.recovered());
    }
    await expectServedAgain(calls);
  } finally {
    await calls.stop();
  }
  await expectKept(calls, { frozenMs });
  if (says) expect(faulty.gateway.output).toMatch(says);
  else expect(faulty.gateway.output.slice(saidBefore)).not.toContain('ended');
  faultRow({ area: 'processes', done: `SIGSTOP of ${title} under steady calls`, times: `${ROUNDS} times, for ${(lasted / 1_000).toFixed(1)} s${stopMs === undefined ? ', until it was killed' : ''}, ${calls.outcomes.length} calls, ${calls.acceptedCount} asynchronous calls accepted`, lost: 'nothing that was accepted', seen: `${JSON.stringify(calls.counts)}, the slowest after ${(calls.slowestMs / 1_000).toFixed(1)} s; all as before ${Math.round(Math.max(...tookMs))} ms after that` });
}

describe(`SIGSTOP under steady calls (seed ${faultSeed})`, () => {
  let faulty: FaultyGateway;
  beforeAll(async () => (faulty = await FaultyGateway.start()));
  afterAll(() => faulty.dispose());

  const gatewayAlone: Find = ({ gateway }) => [gateway.pid];
  const host: Find = (faulty) => [faulty.host];
  const stops: Stopping[] = [
    { title: 'the gateway', find: gatewayAlone, stopMs: STOP_MS, frozenMs: STOP_MS },
    { title: 'the function host', find: host, stopMs: STOP_MS },
    { title: 'a data-plane worker', find: ({ workers }) => workers, stopMs: SHORT_STOP_MS, frozenMs: SHORT_STOP_MS },
    // Its calls end at their time limit, and with them it does.
    { title: 'a process that serves a function', find: (faulty) => faulty.functions('server') },
    { title: 'the process of a command', find: (faulty) => faulty.functions('command') },
    ...howMany({ short: 0, long: 1 }) > 0 ? [
      { title: 'the function host, until it was replaced', find: host, says: /the function host ended \(it had said nothing for 30 s\); starting another/ },
      // A gateway that did nothing itself does not hold it against others.
      { title: 'the gateway, for longer than its function host may be silent', find: gatewayAlone, stopMs: LONG_STOP_MS, frozenMs: LONG_STOP_MS },
    ] : [],
  ];
  it.each(stops)('of $title: accepted calls succeed, the others are answered within their limits, and all goes on', (stopping) => stopUnderCalls(faulty, stopping));
});

describe.each(WATCHDOGS)('SIGSTOP of a watchdog by itself, %s', (runtime, program) => {
  it('delays what it has and what comes, and loses nothing', async () => {
    const watchdog = await WatchdogProcess.start(program, { fprocess: 'sleep 0.5' });
    const startedMs = performance.now();
    const call = () => ask(watchdog.url, 'POST', '/', { body: 'x' }).then(({ status }) => status);
    const running = Array.from({ length: 5 }, call);
    try {
      await watchdog.until(() => watchdog.children().length === 5);
      watchdog.signal('SIGSTOP');
      const coming = Array.from({ length: 5 }, call);
      await sleep(2_000);
      watchdog.signal('SIGCONT');
      expect(new Set(await Promise.all([...running, ...coming]))).toEqual(new Set([200]));
      expect(await call()).toBe(200);
    } finally {
      await watchdog.dispose();
    }
    faultRow({ area: 'processes', done: `SIGSTOP of a watchdog ${runtime} for 2 s`, times: 'once, with 10 calls', lost: 'nothing', seen: `all answered 200, the last after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s` });
  });
});
