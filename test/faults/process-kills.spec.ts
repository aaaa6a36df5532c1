import { ask } from '../e2e/ask';
import { WatchdogProcess, WATCHDOGS } from '../e2e/watchdog-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { expectKept, expectServedAgain, FaultyGateway } from './faulty-gateway';
import { Random } from './random';

const ROUNDS = howMany({ short: 2, long: 20 });
const MOST_BETWEEN_MS = 600;
/** Far less than the calls that are cut would take. */
const CUT_WITHIN_MS = 10_000;

jest.setTimeout(120_000 + ROUNDS * 30_000);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Who is killed, and whether all functions have to end with it. */
const VICTIMS: readonly (readonly [title: string, find: (faulty: FaultyGateway) => readonly (number | undefined)[], takesAll: boolean])[] = [
  ['the gateway', ({ gateway }) => [gateway.pid], true],
  ['the function host', ({ host }) => [host], true],
  ['a data-plane worker', ({ workers }) => workers, false],
  ['a process that serves a function', (faulty) => faulty.functions('server'), false],
  ['the process of a command', (faulty) => faulty.functions('command'), false],
];

describe(`kill -9 under steady calls (seed ${faultSeed})`, () => {
  const random = new Random(faultSeed);
  let faulty: FaultyGateway;
  beforeAll(async () => (faulty = await FaultyGateway.start()));
  afterAll(() => faulty.dispose());

  it.each(VICTIMS)('of %s: accepted calls succeed, the others are answered or cut at once, and all goes on', async (title, find, takesAll) => {
    const { gateway } = faulty;
    const calls = faulty.callSteadily();
    const tookMs: number[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(random.below(MOST_BETWEEN_MS));
        let victim: number | undefined;
        await gateway.until(() => (victim = random.pick(find(faulty))) !== undefined);
        const functions = faulty.marked();
        process.kill(victim!, 'SIGKILL');
        if (victim === gateway.pid) {
          await gateway.ended();
          await gateway.until(() => faulty.marked().length === 0);
          await gateway.startAgain();
        } else {
          await gateway.until(() => !isRunning(victim!));
          if (takesAll) await gateway.until(() => !functions.some(isRunning));
        }
        tookMs.push(await faulty.recovered());
      }
      await expectServedAgain(calls);
    } finally {
      await calls.stop();
    }
    await expectKept(calls);
    faultRow({ area: 'processes', done: `kill -9 of ${title} under steady calls`, times: `${ROUNDS} kills, ${calls.outcomes.length} calls, ${calls.acceptedCount} asynchronous calls accepted`, lost: 'nothing that was accepted', seen: `${JSON.stringify(calls.counts)}; all as before within ${Math.round(Math.max(...tookMs))} ms` });
  });
});

describe.each(WATCHDOGS)('kill -9 of a watchdog by itself, %s', (runtime, program) => {
  it('cuts its calls at once, and its port is free for the next one', async () => {
    const watchdog = await WatchdogProcess.start(program, { fprocess: 'sleep 60' });
    let next: WatchdogProcess | undefined;
    try {
      const calls = Array.from({ length: 5 }, () => ask(watchdog.url, 'POST', '/', { body: 'x' }).catch((error: NodeJS.ErrnoException) => error.code));
      await watchdog.until(() => watchdog.children().length === 5);
      const killedMs = performance.now();
      process.kill(watchdog.pid, 'SIGKILL');
      await watchdog.ended;
      expect(await Promise.all(calls)).toEqual(Array.from({ length: 5 }, () => 'ECONNRESET'));
      expect(performance.now() - killedMs).toBeLessThan(CUT_WITHIN_MS);
      next = await WatchdogProcess.start(program, { fprocess: 'cat', port: String(watchdog.port) });
      expect(await ask(watchdog.url, 'POST', '/', { body: 'again' })).toMatchObject({ status: 200, text: 'again' });
    } finally {
      await next?.dispose();
      await watchdog.dispose();
    }
    faultRow({ area: 'processes', done: `kill -9 of a watchdog ${runtime}`, times: 'once, with 5 calls', lost: 'its calls', seen: 'all cut at once; the next one serves on the same port' });
  });
});
