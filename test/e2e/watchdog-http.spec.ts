import { once } from 'node:events';
import WebSocket from 'ws';
import { freePort, WatchdogProcess, WATCHDOGS } from './watchdog-process';

/** Tells what it got; its paths misbehave in various ways. */
const FUNCTION = `
const http = require('node:http');
const { WebSocketServer } = require(${JSON.stringify(require.resolve('ws'))});
let ready = false;
const routes = {
  '/hang': () => undefined,
  '/crash': () => process.exit(3),
  '/broken': (req, res) => { res.writeHead(200); res.write('part'); setImmediate(() => process.exit(4)); },
  '/moved': (req, res) => res.writeHead(302, { Location: '/elsewhere' }).end(),
  '/get-ready': (req, res) => { ready = true; res.end(); },
  '/ready': (req, res) => res.writeHead(ready ? 200 : 500).end(),
  '/events': (req, res) => { res.writeHead(200, { 'Content-Type': 'text/event-stream' }); res.write('data: one\\n\\n'); },
};
const server = http.createServer((req, res) => {
  const route = routes[req.url];
  if (route) return route(req, res);
  let body = '';
  req.on('data', (chunk) => (body += chunk)).on('end', () => {
    res.writeHead(Number(req.headers['x-status'] ?? 200), { 'X-Pid': process.pid, 'Content-Type': 'application/json' });
    res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body }));
  });
});
new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (text) => socket.send('echo ' + text)));
console.log('starting');
server.listen(Number(process.env.FUNCTION_PORT), '127.0.0.1');
`;

describe.each(WATCHDOGS)('the watchdog in http mode, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  let functionPort: number;
  const start = async (env: Record<string, string> = {}, file = FUNCTION) => {
    functionPort = await freePort();
    const base = { mode: 'http', fprocess: 'node FOLDER/function.cjs', upstream_url: `http://127.0.0.1:${functionPort}`, FUNCTION_PORT: String(functionPort) };
    watchdog = await WatchdogProcess.start(program, { ...base, ...env }, { 'function.cjs': file });
  };
  afterEach(() => watchdog.dispose());

  const pidOf = async () => Number((await watchdog.call()).headers['x-pid']);

  it('passes method, path, query, headers and body on, and the answer back', async () => {
    await start();
    const answer = await watchdog.call('/a%2Fb/../c?x=%20&y', { method: 'PATCH', headers: { 'X-One': '1', 'X-Status': '418', Host: 'example.org' }, body: 'héllo' });
    expect(answer.status).toBe(418);
    expect(answer.headers['x-duration-seconds']).toMatch(/^\d+\.\d{6}$/);
    expect(JSON.parse(answer.text)).toMatchObject({ method: 'PATCH', url: '/a%2Fb/../c?x=%20&y', headers: { 'x-one': '1', host: 'example.org' }, body: 'héllo' });
  });

  it('does not follow redirects', async () => {
    await start();
    expect(await watchdog.call('/moved')).toMatchObject({ status: 302, headers: { location: '/elsewhere' } });
  });

  it('answers 504 when exec_timeout has passed, and replaces the process', async () => {
    await start({ exec_timeout: '700ms' });
    const before = await pidOf();
    expect(await watchdog.call('/hang')).toMatchObject({ status: 504, headers: { 'x-shoal-limit': 'exec_timeout=700ms' } });
    const after = await pidOf();
    expect(after).not.toBe(before);
    expect(() => process.kill(before, 0)).toThrow('ESRCH');
    expect(await watchdog.metrics()).toContain('function_restarts_total{reason="replaced"} 1\n');
  });

  it('lets a call ask for less time with X-Timeout', async () => {
    await start({ exec_timeout: '60s' });
    const answer = await watchdog.call('/hang', { headers: { 'X-Timeout': '300ms' } });
    expect(answer).toMatchObject({ status: 504, headers: { 'x-shoal-limit': 'X-Timeout=300ms' } });
  });

  it('tells its callers when the process has crashed, and starts another', async () => {
    await start();
    const before = await pidOf();
    expect((await watchdog.call('/crash')).status).toBe(502);
    await watchdog.until(async () => (await watchdog.call()).status === 200);
    expect(await pidOf()).not.toBe(before);
    expect(watchdog.output).toContain("the function's process exited with code 3; starting it again");
    expect(await watchdog.metrics()).toContain('function_restarts_total{reason="exited"} 1\n');
  });

  it('breaks the connection when the process crashes within its answer', async () => {
    await start();
    await expect(watchdog.call('/broken')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('answers 503 with the reason while a process that cannot start is started again, ever less often', async () => {
    await start({}, 'process.stderr.write("no luck"); process.exitCode = 5;');
    await watchdog.until(() => watchdog.output.includes('starting it again'));
    const answer = await watchdog.call();
    expect(answer).toMatchObject({ status: 503, text: "the function's process exited with code 5\n" });
    expect((await watchdog.call('/_/ready')).status).toBe(503);
    // The last line of each process is its own, although no line break ended it.
    await watchdog.until(() => (watchdog.output.match(/stderr: no luck$/gm) ?? []).length >= 3);
    expect(watchdog.output).not.toContain('no luckno luck');
  });

  it('waits for ready_path', async () => {
    await start({ ready_path: '/ready' });
    await watchdog.until(() => watchdog.output.includes('stdout: starting'));
    expect((await watchdog.call('/_/ready')).status).toBe(503);
    const waiting = watchdog.call();
    await watchdog.until(() =>
      fetch(`http://127.0.0.1:${functionPort}/get-ready`).then(
        () => true,
        () => false,
      ),
    );
    expect((await waiting).status).toBe(200);
    expect((await watchdog.call('/_/ready')).status).toBe(200);
  });

  it('refuses more than max_inflight calls, and is not ready meanwhile', async () => {
    await start({ max_inflight: '1' });
    await pidOf();
    const abort = new AbortController();
    const hanging = watchdog.open('/hang', { signal: abort.signal }).catch(() => undefined);
    await watchdog.until(async () => (await watchdog.call('/_/ready')).status === 429);
    expect(await watchdog.call()).toMatchObject({ status: 429, text: 'Concurrent request limit exceeded. Max concurrent requests: 1\n' });
    abort.abort();
    await hanging;
    await watchdog.until(async () => (await watchdog.call()).status === 200);
  });

  it('passes events on as they come', async () => {
    await start();
    const answer = await watchdog.open('/events');
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('data: one\n\n');
    answer.destroy();
  });

  it('passes a WebSocket through', async () => {
    await start();
    const socket = new WebSocket(`ws://127.0.0.1:${watchdog.port}/`);
    await once(socket, 'open');
    socket.send('hello');
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(message.toString()).toBe('echo hello');
    socket.close();
    await once(socket, 'close');
  });

  it.each([
    ['with its stream', {}, /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d stdout: starting$/m],
    ['as they are, with prefix_logs=false', { prefix_logs: 'false' }, /^starting$/m],
  ])('logs the lines of the process %s', async (_, env, line) => {
    await start(env);
    await watchdog.until(() => line.test(watchdog.output));
  });

  it('ends the process with itself', async () => {
    await start({ healthcheck_interval: '0s' });
    const pid = await pidOf();
    watchdog.signal('SIGTERM');
    expect(await watchdog.ended).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
