import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { freePort, processesMarked, WatchdogProcess, WATCHDOGS } from './watchdog-process';

describe.each(WATCHDOGS)('the life of a watchdog, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  const start = async (env: Record<string, string>, files: Record<string, string> = {}) => (watchdog = await WatchdogProcess.start(program, env, files));
  afterEach(() => watchdog.dispose());

  it('says how it is set up', async () => {
    await start({ fprocess: 'cat', read_timeout: '5', write_timeout: '6s', exec_timeout: '1m' });
    for (const line of [
      / Version: \S+/,
      / Timeouts: read: 5s write: 6s hard: 1m health: 6s\.$/m,
      new RegExp(` Listening on port: ${watchdog.port}$`, 'm'),
      new RegExp(` Writing lock-file to: ${watchdog.lockFile}$`, 'm'),
      new RegExp(` Metrics listening on port: ${watchdog.metricsPort}$`, 'm'),
    ]) {
      expect(watchdog.output).toMatch(line);
    }
  });

  it('is healthy as long as its lock file is there', async () => {
    await start({ fprocess: 'cat' });
    expect(existsSync(watchdog.lockFile)).toBe(true);
    expect(await watchdog.call('/_/health')).toMatchObject({ status: 200, text: 'OK' });
    expect((await watchdog.call('/_/health', { method: 'POST', body: '' })).status).toBe(405);
    expect(await watchdog.runWith('-run-healthcheck')).toEqual({ code: 0, output: '' });
    rmSync(watchdog.lockFile);
    expect(await watchdog.health()).toBe(503);
    expect(await watchdog.runWith('-run-healthcheck')).toEqual({ code: 1, output: 'unable to find lock file.\n' });
  });

  it('listens on all addresses, or on the one that it is told', async () => {
    const onAnother = (port: number) => fetch(`http://127.0.0.2:${port}/`).then(() => 'answers', () => 'refuses');
    await start({ fprocess: 'cat' });
    expect(await onAnother(watchdog.port)).toBe('answers');
    await watchdog.dispose();
    await start({ fprocess: 'cat', listen_address: '127.0.0.1' });
    expect([await onAnother(watchdog.port), await onAnother(watchdog.metricsPort)]).toEqual(['refuses', 'refuses']);
    expect(await watchdog.health()).toBe(200);
  });

  it('is healthy without a lock file when that is suppressed', async () => {
    await start({ fprocess: 'cat', suppress_lock: 'true' });
    expect(existsSync(watchdog.lockFile)).toBe(false);
    expect(await watchdog.health()).toBe(200);
  });

  it('drains on SIGTERM: is unhealthy, still takes calls for a while, finishes what runs, and ends with 0', async () => {
    await start({ fprocess: 'sh FOLDER/wait.sh', healthcheck_interval: '2s', write_timeout: '30s' }, { 'wait.sh': 'read seconds; sleep $seconds; echo slept' });
    const running = watchdog.call('/', { body: '4\n' });
    await watchdog.until(() => watchdog.output.includes('Forking'));
    watchdog.signal('SIGTERM');
    await watchdog.until(async () => (await watchdog.health()) === 503);
    expect(existsSync(watchdog.lockFile)).toBe(false);
    expect((await watchdog.call('/', { body: '0\n' })).status).toBe(200);
    expect(await running).toMatchObject({ status: 200, text: 'slept\n' });
    expect(await watchdog.ended).toBe(0);
  });

  it('ends a call at write_timeout, while it drains too', async () => {
    await start({ fprocess: 'sleep 60', healthcheck_interval: '0s', write_timeout: '1s' });
    const running = watchdog.call('/', { headers: { 'X-Mark': 'outlasts' } });
    await watchdog.until(() => processesMarked('outlasts').length === 1);
    watchdog.signal('SIGTERM');
    expect(await watchdog.ended).toBe(0);
    expect(await running).toMatchObject({ status: 408, headers: { 'x-shoal-limit': 'write_timeout=1s' } });
    expect(processesMarked('outlasts')).toEqual([]);
  });

  it('leaves no process behind on Ctrl-C', async () => {
    await start({ fprocess: 'sleep 60' });
    const running = watchdog.call('/', { headers: { 'X-Mark': 'interrupted' } }).catch(() => undefined);
    await watchdog.until(() => processesMarked('interrupted').length === 1);
    watchdog.signal('SIGINT');
    expect(await watchdog.ended).toBe(130);
    expect(processesMarked('interrupted')).toEqual([]);
    await running;
  });

  it('closes a connection whose request does not come within read_timeout', async () => {
    await start({ fprocess: 'cat', read_timeout: '1s' });
    const socket = connect(watchdog.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe.each(WATCHDOGS)('a watchdog that cannot start, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess | undefined;
  afterEach(() => watchdog?.dispose());

  it.each<[string, Record<string, string>, RegExp]>([
    ['without a command', {}, /^fprocess must name the command to run$/],
    ['with a mode that it does not know', { fprocess: 'cat', mode: 'afterburn' }, /^mode=afterburn is not supported; use serializing, streaming, http, static$/],
    ['in http mode without an upstream', { fprocess: 'cat', mode: 'http' }, /^upstream_url must say where the function listens/],
    ['with an upstream that is no URL', { fprocess: 'cat', mode: 'http', upstream_url: 'here' }, /^upstream_url must be a URL/],
    ['with prefork and the headers of calls', { fprocess: 'cat', prefork: '1' }, /^prefork needs cgi_headers=false/],
    ['with a check of tokens that it cannot do', { fprocess: 'cat', jwt_auth: 'true' }, /^jwt_auth is not supported/],
    ['with a log that it cannot write', { fprocess: 'cat', log_format: 'xml' }, /^log_format must be text or json$/],
    ['with a port that cannot be', { fprocess: 'cat', port: '70000' }, /^port must be 65535 or less$/],
    ['without time to write', { fprocess: 'cat', mode: 'http', write_timeout: '0' }, /^write_timeout must be longer than 0$/],
    ['where the lock file cannot be written', { fprocess: 'cat', TMPDIR: 'FOLDER/missing' }, /^the lock file .* cannot be written \(ENOENT\)/m],
  ])('says so in one sentence %s', async (_, env, sentence) => {
    watchdog = await WatchdogProcess.launch(program, env);
    expect(await watchdog.ended).toBe(1);
    expect(watchdog.output.trim().split('\n').at(-1)).toMatch(sentence);
    expect(watchdog.output).not.toContain('    at ');
  });

  it.each(['port', 'metrics_port'])('says which port is in use: %s', async (name) => {
    const taken = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(taken, resolve));
    watchdog = await WatchdogProcess.launch(program, { fprocess: 'cat', [name]: String(taken) });
    expect(await watchdog.ended).toBe(1);
    expect(watchdog.output.trim().split('\n').at(-1)).toBe(`port ${taken} is in use; set ${name} to another one`);
    other.close();
  });

  it('prints its version, its options, and what it does not know', async () => {
    watchdog = await WatchdogProcess.launch(program, {});
    expect(await watchdog.runWith('--version')).toMatchObject({ code: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(await watchdog.runWith('-help')).toMatchObject({ code: 0, output: expect.stringContaining('-run-healthcheck') });
    expect(await watchdog.runWith('-frobnicate')).toMatchObject({ code: 2, output: expect.stringContaining('unknown option') });
  });
});
