import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { processesMarked, residentMib, WatchdogProcess, WATCHDOGS } from './watchdog-process';

const MIB = 1024 * 1024;

/** What children do, in modes with a process a call. Each case is a whole script. */
describe.each(WATCHDOGS)('the watchdog with children that misbehave, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  const start = async (env: Record<string, string>, files: Record<string, string> = {}) => (watchdog = await WatchdogProcess.start(program, env, files));
  afterEach(() => watchdog.dispose());

  it.each<[string, string, number, RegExp]>([
    ['one that crashes', 'kill -SEGV $$', 500, /^signal: segmentation fault\n/],
    ['one that is killed', 'kill -KILL $$', 500, /^signal: killed\n/],
    ['one that exits with 255', 'echo why; exit 255', 500, /^exit status 255\nwhy\n$/],
    ['one that says nothing', 'exit 0', 200, /^$/],
    ['one that closes its output early', 'echo all; exec 1>&- 2>&-; sleep 0.3; exit 0', 200, /^all\n$/],
    ['one that closes its input at once', 'exec 0<&-; echo all', 200, /^all\n$/],
  ])('answers for %s', async (_case, script, status, text) => {
    await start({ fprocess: 'sh FOLDER/child.sh' }, { 'child.sh': script });
    const answer = await watchdog.call('/', { body: 'x', headers: { 'X-Call-Id': 'c-42' } });
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    if (status === 200) return;
    expect(answer.headers['x-shoal-error']).toBe('replica-failed');
    const reason = answer.text.split('\n')[0]!;
    await watchdog.until(() => watchdog.output.includes(`[c-42] ${reason}`));
  });

  it('says that a file is not executable', async () => {
    await start({ fprocess: 'FOLDER/data' }, { data: 'x' });
    chmodSync(join(watchdog.folder, 'data'), 0o644);
    expect(await watchdog.call()).toMatchObject({ status: 500, text: `fork/exec ${watchdog.folder}/data: permission denied\n` });
  });

  it('sees a program that comes later', async () => {
    await start({ fprocess: 'FOLDER/late' });
    expect((await watchdog.call()).status).toBe(500);
    writeFileSync(join(watchdog.folder, 'late'), '#!/bin/sh\necho here\n', { mode: 0o755 });
    expect(await watchdog.call()).toMatchObject({ status: 200, text: 'here\n' });
  });

  it.each([
    ['that ends', 'exit 0', 200],
    ['until its time is over', 'sleep 60', 408],
  ])('does not wait for a large body that is never read, by a child %s', async (_case, script, status) => {
    await start({ fprocess: 'sh FOLDER/child.sh', exec_timeout: '600ms' }, { 'child.sh': script });
    const socket = connect(watchdog.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${256 * MIB}\r\n\r\n`);
    const chunk = Buffer.alloc(MIB);
    const before = residentMib(watchdog.pid);
    for (let i = 0; i < 8; i++) socket.write(chunk);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*Connection: close`));
    expect(residentMib(watchdog.pid) - before).toBeLessThan(40);
    socket.destroy();
  });

  it('does not hold the answer back for a child that keeps stdout open, after a time-out either', async () => {
    await start({ fprocess: 'sh FOLDER/hold.sh', exec_timeout: '500ms', kill_grace: '200ms' }, { 'hold.sh': "setsid sh -c 'sleep 1000; :' & exec sleep 1000" });
    const mark = randomUUID();
    const startedMs = performance.now();
    expect((await watchdog.call('/', { headers: { 'X-Mark': mark } })).status).toBe(408);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    await watchdog.until(() => processesMarked(mark).length === 0);
  });

  it('keeps memory flat while a caller reads an output that has no end', async () => {
    await start({ fprocess: 'cat /dev/zero', write_timeout: '60s' });
    const answer = await watchdog.open('/');
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
    await watchdog.until(() => bytes > 64 * MIB);
    const before = residentMib(watchdog.pid);
    await watchdog.until(() => bytes > 512 * MIB);
    expect(residentMib(watchdog.pid) - before).toBeLessThan(40);
    answer.destroy();
    await watchdog.until(() => watchdog.output.includes('The caller left; the process was killed.'));
  });

  it('holds many calls apart', async () => {
    await start({ fprocess: 'cat' });
    const bodies = Array.from({ length: 40 }, (_, i) => `call ${i} `.repeat(i * 500));
    const answers = await Promise.all(bodies.map((body) => watchdog.call('/', { body })));
    expect(answers.map(({ text }) => text)).toEqual(bodies);
  });

  it('leaves no process and no open file behind after many calls', async () => {
    await start({ fprocess: 'cat' });
    await watchdog.call('/', { body: 'x' });
    const before = watchdog.openFiles();
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 20 }, () => watchdog.call('/', { body: 'x' })));
    await watchdog.until(() => watchdog.openFiles() <= before + 2);
    expect(watchdog.children()).toEqual([]);
  });
});

function hasEnded(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

describe.each(WATCHDOGS)('prefork, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  afterEach(() => watchdog.dispose());

  it('keeps processes waiting, one for each call', async () => {
    watchdog = await WatchdogProcess.start(program, { fprocess: 'sh FOLDER/pid.sh', prefork: '3', cgi_headers: 'false' }, { 'pid.sh': 'read line; echo $$ $line' });
    await watchdog.until(() => watchdog.children().length === 3);
    const waiting = watchdog.children();
    const answer = await watchdog.call('/', { body: 'hello\n' });
    const [pid, line] = answer.text.trim().split(' ');
    expect(line).toBe('hello');
    expect(waiting).toContain(Number(pid));
    await watchdog.until(() => watchdog.children().length === 3 && !watchdog.children().includes(Number(pid)));
    watchdog.signal('SIGINT');
    await watchdog.ended;
    await watchdog.until(() => waiting.every(hasEnded));
  });

  it('is turned off for a program that does not wait for its input', async () => {
    watchdog = await WatchdogProcess.start(program, { fprocess: 'echo hello', prefork: '2', cgi_headers: 'false' });
    await watchdog.until(() => / prefork is off: it (writes|ends|closes its output) before it has read$/m.test(watchdog.output));
    expect(await watchdog.call()).toMatchObject({ status: 200, text: 'hello\n' });
  });
});
