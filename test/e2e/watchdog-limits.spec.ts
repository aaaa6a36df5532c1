import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { processesMarked, residentMib, WatchdogProcess, WATCHDOGS } from './watchdog-process';

/** Each process ignores SIGTERM; one leaves for a session of its own, one loses its parent. */
const STUBBORN = `
trap '' TERM
setsid sh -c 'sleep 1000; :' &
(sh -c 'sleep 1000; :' &)
sleep 1000
`;
const STUBBORN_PROCESSES = 6;
const FLAT_MIB = 80;

describe.each(WATCHDOGS)('the limits of the watchdog in classic mode, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  const start = async (env: Record<string, string>, files: Record<string, string> = {}) => (watchdog = await WatchdogProcess.start(program, env, files));
  afterEach(() => watchdog.dispose());

  const mark = () => ({ 'X-Mark': randomUUID() });

  it('answers 408 when exec_timeout has passed', async () => {
    await start({ fprocess: 'sleep 60', exec_timeout: '500ms' });
    const startedMs = performance.now();
    const answer = await watchdog.call();
    const elapsedMs = performance.now() - startedMs;
    expect(answer.status).toBe(408);
    expect(answer.text).toMatch(/^Killed process\.\n/);
    expect(elapsedMs).toBeGreaterThan(490);
    expect(elapsedMs).toBeLessThan(5_000);
  });

  it('lets a call ask for less time with X-Timeout, and not for more', async () => {
    await start({ fprocess: 'sleep 60', exec_timeout: '1s' });
    for (const [asked, expected] of [['200ms', 'X-Timeout=200ms'], ['1h', 'exec_timeout=1s']] as const) {
      const answer = await watchdog.call('/', { headers: { 'X-Timeout': asked } });
      expect(answer.status).toBe(408);
      expect(answer.headers['x-shoal-limit']).toBe(expected);
    }
  });

  it('leaves nothing behind of a function that forks children which ignore SIGTERM', async () => {
    await start({ fprocess: 'sh FOLDER/stubborn.sh', exec_timeout: '1s', kill_grace: '200ms' }, { 'stubborn.sh': STUBBORN });
    const headers = mark();
    const answer = watchdog.call('/', { headers });
    await watchdog.until(() => processesMarked(headers['X-Mark']).length === STUBBORN_PROCESSES);
    expect((await answer).status).toBe(408);
    await watchdog.until(() => processesMarked(headers['X-Mark']).length === 0);
  });

  it('does not wait for a grandchild that holds the output open', async () => {
    await start({ fprocess: 'sh FOLDER/leave.sh' }, { 'leave.sh': 'echo done; sleep 1000 &' });
    const headers = mark();
    expect(await watchdog.call('/', { headers })).toMatchObject({ status: 200, text: 'done\n' });
    await watchdog.until(() => processesMarked(headers['X-Mark']).length === 0);
  });

  it('kills the process when the caller leaves', async () => {
    await start({ fprocess: 'sh FOLDER/stubborn.sh', kill_grace: '200ms' }, { 'stubborn.sh': STUBBORN });
    const headers = mark();
    const abort = new AbortController();
    const answer = watchdog.open('/', { headers, signal: abort.signal }).catch(() => undefined);
    await watchdog.until(() => processesMarked(headers['X-Mark']).length === STUBBORN_PROCESSES);
    abort.abort();
    await answer;
    await watchdog.until(() => processesMarked(headers['X-Mark']).length === 0);
  });

  it('does not run a call whose caller left before its body had come', async () => {
    await start({ fprocess: 'cat' });
    const abort = new AbortController();
    const answer = watchdog.open('/', { method: 'POST', headers: { 'Content-Length': '100' }, signal: abort.signal }, 'part').catch(() => undefined);
    await watchdog.until(async () => /^http_requests_in_flight 1$/m.test(await watchdog.metrics()));
    abort.abort();
    await answer;
    await watchdog.until(async () => /^http_requests_in_flight 0$/m.test(await watchdog.metrics()));
    expect(watchdog.output).not.toContain('Forking');
  });

  it('streams an endless output as fast as it is taken, with flat memory, until the caller leaves', async () => {
    await start({ fprocess: 'yes' });
    const headers = mark();
    const answer = await watchdog.open('/', { headers });
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > 8 * 1024 * 1024) answer.pause();
    });
    await watchdog.until(() => answer.isPaused());
    const [pid] = processesMarked(headers['X-Mark']);
    await watchdog.until(standsStill(pid!));
    const before = residentMib(watchdog.pid);
    answer.resume().removeAllListeners('data').on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
    await watchdog.until(() => bytes > 512 * 1024 * 1024);
    expect(residentMib(watchdog.pid) - before).toBeLessThan(FLAT_MIB);
    answer.destroy();
    await watchdog.until(() => processesMarked(headers['X-Mark']).length === 0);
  });

  it('breaks the connection when a process fails after its output has begun to go out', async () => {
    await start({ fprocess: 'sh FOLDER/late.sh' }, { 'late.sh': 'head -c 3000000 /dev/zero; exit 3' });
    const answer = await watchdog.open('/');
    expect(answer.statusCode).toBe(200);
    answer.resume();
    await expect(once(answer, 'end')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await watchdog.until(() => watchdog.output.includes('exit status 3; the answer was cut off after 3000000 Bytes'));
  });
});

/** Whether a process has used no processor time since it was last looked at. */
function standsStill(pid: number): () => boolean {
  let before = '';
  let unchanged = 0;
  return () => {
    const now = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join();
    unchanged = now === before ? unchanged + 1 : 0;
    before = now;
    return unchanged > 10;
  };
}
