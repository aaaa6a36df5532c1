import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { WatchdogProcess, WATCHDOGS } from './watchdog-process';

const GO_DATE = String.raw`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`;
const CHATTY = { 'chatty.sh': 'read name; for i in 1 2 3; do printf "$name " >&2; sleep 0.05; echo "$name $i" >&2; done' };

describe.each(WATCHDOGS)('the log of the watchdog, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  const start = async (env: Record<string, string>, files: Record<string, string> = {}) => (watchdog = await WatchdogProcess.start(program, env, files));
  afterEach(() => watchdog.dispose());

  const callAs = (id: string) => watchdog.call('/', { body: `${id}\n`, headers: { 'X-Call-Id': id } });

  it('has the lines of calls that run at a time whole, each with its call', async () => {
    await start({ fprocess: 'sh FOLDER/chatty.sh', mode: 'serializing' }, CHATTY);
    await Promise.all(['a-1', 'b-2', 'c-3'].map(callAs));
    for (const id of ['a-1', 'b-2', 'c-3']) {
      await watchdog.until(() => [...watchdog.output.matchAll(new RegExp(`^${GO_DATE} stderr: \\[${id}\\] ${id} ${id} [123]$`, 'gm'))].length === 3);
    }
  });

  it('has JSON objects with log_format=json', async () => {
    await start({ fprocess: 'sh FOLDER/chatty.sh', combine_output: 'false', log_format: 'json' }, CHATTY);
    await callAs('j-1');
    await watchdog.until(() => watchdog.output.includes('j-1 3'));
    const lines = watchdog.output.trim().split('\n').map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.filter(({ stream }) => stream === 'stderr').map(({ callId, text }) => [callId, text])).toEqual([1, 2, 3].map((i) => ['j-1', `j-1 j-1 ${i}`]));
    expect(lines).toContainEqual({ time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), stream: 'watchdog', text: 'Forking fprocess.' });
  });

  it('cuts a line that is too long', async () => {
    await start({ fprocess: 'sh FOLDER/long.sh', combine_output: 'false', log_buffer_size: '1000', prefix_logs: 'false' }, { 'long.sh': "head -c 2500 /dev/zero | tr '\\0' x >&2" });
    await watchdog.call();
    await watchdog.until(() => /^x{500}$/m.test(watchdog.output));
    expect([...watchdog.output.matchAll(/^x+$/gm)].map(([line]) => line.length)).toEqual([1000, 1000, 500]);
  });

  it.each([
    [{ log_callid: 'true' }, { 'X-Call-Id': 'k-9' }, / - 200 - ContentLength: 1B \(\d\.\d{4}s\) \[k-9\]$/m],
    [{ log_call_id: '1' }, {}, / - 200 - ContentLength: 1B \(\d\.\d{4}s\) \[none\]$/m],
  ])('names the call in its line with %j', async (env, headers, line) => {
    await start({ fprocess: 'cat', mode: 'serializing', ...env });
    await watchdog.call('/', { body: 'x', headers });
    await watchdog.until(() => line.test(watchdog.output));
  });

  it('holds up no call while nobody reads it, and says afterwards how much is missing', async () => {
    const unread = ['sh', '-c', 'mkfifo "$TMPDIR/log"; exec 3<>"$TMPDIR/log"; exec "$0" "$@" >"$TMPDIR/log"', ...program];
    watchdog = await WatchdogProcess.launch(unread, { fprocess: 'sh FOLDER/loud.sh', combine_output: 'false' }, { 'loud.sh': 'yes loud | head -c 500000 >&2' });
    await watchdog.until(() => watchdog.call().then(({ status }) => status === 200, () => false));
    for (let call = 0; call < 5; call++) expect((await watchdog.call()).status).toBe(200);

    let text = '';
    const reader = createReadStream(join(watchdog.folder, 'log')).on('data', (chunk) => (text += chunk.toString()));
    await watchdog.until(() => /^\d+ lines were dropped, because nobody took them$/m.test(text));
    reader.destroy();
    expect(/^stderr: \[none\] loud$/m.test(text)).toBe(true);
  });

  it('has no line for a probe of Kubernetes', async () => {
    await start({ fprocess: 'cat', mode: 'serializing' });
    await watchdog.call('/probed', { headers: { 'User-Agent': 'kube-probe/1.30' } });
    await watchdog.call('/called');
    await watchdog.until(() => watchdog.output.includes('GET /called'));
    expect(watchdog.output).not.toContain('/probed');
  });
});
