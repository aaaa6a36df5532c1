import { describeOnEngine } from '../swarm/describe-on-engine';
import { WatchdogContainer, type Answer } from './watchdog-container';

const MIB = 1024 * 1024;
/** An awk program that takes all that it gets. */
const EATER = 'BEGIN { s = "x"; while (1) s = s s }';

const SERVER = `
const { createServer } = require('node:http');
const { existsSync, writeFileSync } = require('node:fs');
// Not at once, so that there is time to ask.
const startMs = existsSync('/tmp/started') ? 3000 : 0;
writeFileSync('/tmp/started', '');
const eaten = [];
const eat = () => { eaten.push(Buffer.alloc(8 * 1024 * 1024, 1)); setImmediate(eat); };
const server = createServer((req, res) => {
  if (req.url === '/eat') return eat();
  if (req.url === '/end') process.kill(process.pid, 'SIGKILL');
  if (req.url !== '/wait') res.end('served');
});
setTimeout(() => server.listen(3000, '127.0.0.1'), startMs);
`;

/** A server that has others serve for it, and starts another when one ends. */
const SERVER_WITH_WORKERS = `
const cluster = require('node:cluster');
if (cluster.isPrimary) {
  cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {${SERVER}}
`;

describeOnEngine('the watchdog of a container that runs out of memory', (engine) => {
  let watchdog: WatchdogContainer;
  const start = async (memoryMib: number, env: Record<string, string>, script: string) =>
    (watchdog = await WatchdogContainer.start(engine, env, script, { HostConfig: { Memory: memoryMib * MIB } }));
  afterEach(() => watchdog.remove());

  const call = (path?: string) => watchdog.call(path, { headers: { 'X-Call-Id': 'the-call' } });
  const serverEnv = { mode: 'http', fprocess: 'node /tmp/function', upstream_url: 'http://127.0.0.1:3000' };

  /** The answer to a call that the kernel has ended. */
  const ranOut = (limit: string, text: string) => ({
    status: 500,
    headers: { 'x-shoal-error': 'out-of-memory', 'x-shoal-layer': 'watchdog', 'x-shoal-limit': `memory=${limit}` },
    text,
  });

  it('names the reason and the limit to the caller, in the log and in the metrics', async () => {
    await start(64, { fprocess: 'awk -f /tmp/function' }, EATER);
    expect(await watchdog.metrics()).toContain('function_out_of_memory_kills_total 0\n');
    expect(await call()).toMatchObject(ranOut('64Mi', 'signal: killed: the function ran out of memory (limit 64 MiB)\n'));
    await watchdog.until(() => / \[the-call\] signal: killed: the function ran out of memory \(limit 64 MiB\)$/m.test(watchdog.output));
    expect(await watchdog.metrics()).toContain('function_out_of_memory_kills_total 1\n');
  });

  it('lives on where the limit is so small that the watchdog is the largest process', async () => {
    await start(24, { fprocess: 'awk -f /tmp/function' }, EATER);
    for (let i = 0; i < 2; i++) expect(await call()).toMatchObject(ranOut('24Mi', 'signal: killed: the function ran out of memory (limit 24 MiB)\n'));
    expect(await watchdog.state()).toMatchObject({ Running: true });
  });

  it('names it to each of several calls at once', async () => {
    await start(64, { fprocess: 'awk -f /tmp/function' }, EATER);
    const answers = await Promise.all([call(), call(), call()]);
    for (const answer of answers) expect(answer).toMatchObject(ranOut('64Mi', 'signal: killed: the function ran out of memory (limit 64 MiB)\n'));
  });

  it('names it when a shell tells that its program was killed, with the output so far', async () => {
    await start(64, { fprocess: 'sh /tmp/function' }, `echo begun; awk '${EATER}'`);
    const { text, ...answer } = await call();
    expect(answer).toMatchObject({ status: 500, headers: { 'x-shoal-error': 'out-of-memory', 'x-shoal-limit': 'memory=64Mi' } });
    // On a busy machine the kernel takes the shell too: the memory of the first that it has killed is not free yet.
    expect(text).toMatch(/^(exit status 137|signal: killed): the function ran out of memory \(limit 64 MiB\)\nbegun\n/);
  });

  it('does not name it when somebody else has killed the process, before or after memory ran out', async () => {
    await start(64, { fprocess: 'sh /tmp/function' }, `[ "$Http_Path" = /eat ] && exec awk '${EATER}'; kill -9 $$`);
    const killed = { status: 500, headers: { 'x-shoal-error': 'replica-failed' }, text: 'signal: killed\n' };
    expect(await call()).toMatchObject(killed);
    expect(await call('/eat')).toMatchObject({ headers: { 'x-shoal-error': 'out-of-memory' } });
    expect(await call()).toMatchObject(killed);
  });

  it('names it in streaming mode before there is output, and cuts the answer off after', async () => {
    await start(64, { mode: 'streaming', fprocess: 'sh /tmp/function' }, `[ "$Http_Path" = /late ] && echo begun; exec awk '${EATER}'`);
    expect(await call()).toMatchObject(ranOut('64Mi', 'signal: killed: the function ran out of memory (limit 64 MiB)\n'));
    await expect(call('/late')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await watchdog.until(() => watchdog.output.includes('[the-call] signal: killed: the function ran out of memory (limit 64 MiB); the answer was cut off after 6 Bytes'));
  });

  it('names it in http mode to all calls in flight, and as the reason for which the server is started again', async () => {
    await start(192, serverEnv, SERVER);
    const inFlight = call('/wait');
    await watchdog.until(async () => /^http_requests_in_flight 1$/m.test(await watchdog.metrics()));
    const ended = ranOut('192Mi', 'the function ran out of memory (limit 192 MiB)\n');
    expect(await Promise.all([inFlight, call('/eat')])).toMatchObject([ended, ended]);
    let answer: Answer;
    await watchdog.until(async () => (answer = await call()).text.startsWith('the function'));
    expect(answer!).toMatchObject({ status: 503, headers: { 'x-shoal-error': 'not-ready' }, text: "the function's process ran out of memory (limit 192 MiB)\n" });
    await watchdog.until(async () => (await call()).status === 200);
    await watchdog.until(() => watchdog.output.includes('[the-call] the function ran out of memory (limit 192 MiB)\n'));
    await watchdog.until(() => watchdog.output.includes("the function's process ran out of memory (limit 192 MiB); starting it again\n"));
    const metrics = await watchdog.metrics();
    expect(metrics).toContain('function_out_of_memory_kills_total 1\n');
    expect(metrics).toContain('function_restarts_total{reason="out-of-memory"} 1\n');
  });

  it('does not name it in http mode when somebody else has killed the server', async () => {
    await start(192, serverEnv, SERVER);
    expect(await call('/end')).toMatchObject({ status: 502, headers: { 'x-shoal-error': 'replica-failed' } });
    await watchdog.until(async () => (await watchdog.metrics()).includes('function_restarts_total{reason="killed"} 1\n'));
  });

  it("names it in http mode when a worker of the server's was killed, and leaves the server alone", async () => {
    await start(192, serverEnv, SERVER_WITH_WORKERS);
    expect(await call('/eat')).toMatchObject(ranOut('192Mi', 'the function ran out of memory (limit 192 MiB)\n'));
    expect(await watchdog.metrics()).not.toContain('function_restarts_total{');
  });
});
