import { once } from 'node:events';
import { request } from 'node:http';
import { residentMib, WatchdogProcess, WATCHDOGS } from './watchdog-process';

const GIB = 1024 ** 3;
const CHUNK = Buffer.alloc(1024 * 1024, 'shoal');
/** More than the issue of memory allows, because a runtime collects when it likes. */
const FLAT_MIB = 30;

describe.each(WATCHDOGS)('the watchdog in streaming mode, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  const start = async (env: Record<string, string>, files: Record<string, string> = {}) =>
    (watchdog = await WatchdogProcess.start(program, { mode: 'streaming', ...env }, files));
  afterEach(() => watchdog.dispose());

  it('sends output as it comes, while input still arrives', async () => {
    await start({ fprocess: 'cat' });
    const outgoing = request(watchdog.url, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } });
    outgoing.write('one\n');
    const [answer] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    expect(answer.statusCode).toBe(200);
    let text = '';
    const ended = once(answer, 'end');
    answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await watchdog.until(() => text === 'one\n');
    outgoing.end('two\n');
    await ended;
    expect(text).toBe('one\ntwo\n');
  });

  it('is what a command under the name function_process gets', async () => {
    watchdog = await WatchdogProcess.start(program, { function_process: 'cat' });
    const answer = await watchdog.call('/x?y', { body: 'hello' });
    expect(answer).toMatchObject({ status: 200, text: 'hello', headers: { 'content-type': 'application/octet-stream' } });
    expect(answer.headers).not.toHaveProperty('x-duration-seconds');
    await watchdog.until(() => /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d POST \/x\?y - 200 - ContentLength: 5B \(\d\.\d{4}s\)$/m.test(watchdog.output));
    expect(watchdog.output).not.toContain('Forking');
  });

  it('answers /_/ready', async () => {
    await start({ fprocess: 'cat' });
    expect(await watchdog.call('/_/ready')).toMatchObject({ status: 200, text: '' });
  });

  it('exports the head of the call', async () => {
    await start({ fprocess: 'env' });
    expect((await watchdog.call('/a%20b?c')).text).toMatch(/^Http_Path=\/a b$/m);
  });

  it('turns a failure without output into a 500', async () => {
    await start({ fprocess: 'sh FOLDER/fail.sh' }, { 'fail.sh': 'exit 3' });
    expect(await watchdog.call('/', { headers: { 'X-Call-Id': 'c-1' } })).toMatchObject({ status: 500, text: 'exit status 3\n', headers: { 'x-shoal-error': 'replica-failed' } });
    await watchdog.until(() => watchdog.output.includes('[c-1] exit status 3'));
  });

  it('breaks the connection when the process fails, or overruns, after output', async () => {
    await start({ fprocess: 'sh FOLDER/late.sh', exec_timeout: '700ms' }, { 'late.sh': 'read how; echo part; [ $how = fail ] && exit 3; sleep 60' });
    for (const [how, reason] of [['fail', 'exit status 3'], ['hang', 'overran exec_timeout, which is 700ms']] as const) {
      await expect(watchdog.call('/', { body: `${how}\n` })).rejects.toMatchObject({ code: 'ECONNRESET' });
      await watchdog.until(() => new RegExp(`${reason}.*; the answer was cut off after 5 Bytes$`, 'ms').test(watchdog.output));
    }
  });

  it('answers 408 when it overruns before any output', async () => {
    await start({ fprocess: 'sleep 60', exec_timeout: '300ms' });
    expect(await watchdog.call()).toMatchObject({ status: 408, headers: { 'x-shoal-limit': 'exec_timeout=300ms' } });
  });

  it('passes a gibibyte through both ways with flat memory', async () => {
    await start({ fprocess: 'cat', exec_timeout: '60s', write_timeout: '60s', read_timeout: '60s' });
    await upAndDown(watchdog, 64 * CHUNK.byteLength);
    const before = residentMib(watchdog.pid);
    const peak = await upAndDown(watchdog, GIB);
    expect(peak - before).toBeLessThan(FLAT_MIB);
  });
});

/** Sends so many bytes and checks that as many come back. Resolves with the most that the watchdog held meanwhile, in MiB. */
async function upAndDown(watchdog: WatchdogProcess, bytes: number): Promise<number> {
  const outgoing = request(watchdog.url, { method: 'POST', headers: { 'Content-Length': bytes } });
  const feed = async () => {
    for (let sent = 0; sent < bytes; sent += CHUNK.byteLength) if (!outgoing.write(CHUNK)) await once(outgoing, 'drain');
    outgoing.end();
  };
  const fed = feed();
  const [answer] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream];
  let received = 0;
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, residentMib(watchdog.pid))), 50);
  for await (const chunk of answer) received += (chunk as Buffer).byteLength;
  await fed;
  clearInterval(timer);
  expect(received).toBe(bytes);
  return peak;
}
