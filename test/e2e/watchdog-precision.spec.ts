import { WatchdogProcess, WATCHDOGS } from './watchdog-process';

describe.each(WATCHDOGS)('the precision of exec_timeout, %s', (_runtime, program) => {
  it.each([1, 500, 2_000])('is within 50 ms at %i ms', async (limitMs) => {
    const watchdog = await WatchdogProcess.start(program, { fprocess: 'sleep 60', exec_timeout: `${limitMs}ms` });
    const answer = await watchdog.call();
    expect(answer.status).toBe(408);
    // By the watchdog's own clock, which a busy test runner does not delay.
    const tookMs = 1_000 * Number(/killed after ([\d.]+)s/.exec(answer.text)![1]);
    expect(tookMs).toBeGreaterThanOrEqual(limitMs - 1);
    expect(tookMs).toBeLessThan(limitMs + 50);
    await watchdog.dispose();
  });
});
