import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, open } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { residentMib } from '../e2e/watchdog-process';
import { childrenOf, processesWith, procFile } from '../processes';
import { faultRow, howMany } from './fault-table';

jest.setTimeout(180_000);

const CALLS = howMany({ short: 1, long: 10 });
const EXEC_S = howMany({ short: 1, long: 5 });
/** Of the function host, whatever its functions write: what its runtime has not cleared away yet is most of it. */
const MOST_MIB = 200;
/** For a neighbour's call, on a machine that does much else. */
const NEIGHBOUR_MS = 10_000;

/** Many processes of which each leaves its group, and none goes away by itself for minutes. */
const BRANCHES = `n=$1; if [ "$n" -gt 0 ]; then for i in 1 2 3; do setsid sh "$0" $((n - 1)) & done; fi; exec sleep 300`;
/** One process at a time, each of which leaves the group, starts the next, and is gone: nobody who looks for it finds it where it was. */
const RUNS_AWAY = `echo >>"$NOTES"; n=$1; [ "$n" -gt 0 ] || exec sleep 300; setsid sh "$0" $((n - 1)) & exit 0`;
const serving = (answer: string) => `require('node:net').createServer((socket) => {
  socket.on('error', () => undefined).once('data', () => { ${answer} });
}).listen(process.env.PORT, '127.0.0.1');`;
const FOREVER = `const more = () => { while (socket.writable && socket.write(part)); }; socket.on('drain', more); more();`;

interface Wild {
  readonly title: string;
  /** Files of the bundle, beside its `function.yml`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly command: string;
  readonly mode?: 'http';
  readonly env?: Readonly<Record<string, string>>;
  readonly memory?: string;
  /** What its callers see. */
  readonly sees: RegExp;
}

const WILD: readonly Wild[] = [
  { title: 'takes more memory than its limit', command: 'tail /dev/zero', memory: '64Mi', sees: /^500 replica-failed$/ },
  { title: 'starts processes that start processes', files: { 'bomb.sh': BRANCHES }, command: 'sh bomb.sh 4', sees: /^408 exec-timeout$/ },
  { title: 'starts processes that run away', files: { 'run.sh': RUNS_AWAY, 'start.sh': 'sh run.sh 3000 & exec sleep 300' }, command: 'sh start.sh', sees: /^408 exec-timeout$/ },
  { title: 'writes without end', command: 'yes', sees: /^200, cut after \d+ MiB$/ },
  { title: 'writes without end to standard error, which is part of the answer', files: { 'err.sh': 'exec yes loud >&2' }, command: 'sh err.sh', sees: /^200, cut after \d+ MiB$/ },
  { title: 'writes lines without end to its log', files: { 'err.sh': 'exec yes loud >&2' }, command: 'sh err.sh', env: { combine_output: 'false' }, sees: /^408 exec-timeout$/ },
  { title: 'writes one line without end to its log', files: { 'err.sh': 'exec cat /dev/zero >&2' }, command: 'sh err.sh', env: { combine_output: 'false' }, sees: /^408 exec-timeout$/ },
  { title: 'serves an answer without end', files: { 'server.cjs': serving(`socket.write('HTTP/1.1 200 OK\\r\\n\\r\\n'); const part = Buffer.alloc(65536, 'x'); ${FOREVER}`) }, command: 'node server.cjs', mode: 'http', sees: /^200, cut after \d+ MiB$/ },
  { title: 'serves a head without end', files: { 'server.cjs': serving(`socket.write('HTTP/1.1 200 OK\\r\\n'); const part = 'X-More: more\\r\\n'.repeat(1000); ${FOREVER}`) }, command: 'node server.cjs', mode: 'http', sees: /^502 [a-z-]+$/ },
  { title: 'serves, and writes to its log without end', files: { 'server.cjs': `const part = 'loud\\n'.repeat(100); let going; ${serving("socket.end('HTTP/1.1 204 No Content\\r\\nConnection: close\\r\\n\\r\\n'); going ??= setInterval(() => process.stdout.write(part), 1);")}` }, command: 'node server.cjs', mode: 'http', sees: /^204$/ },
];

describe('a function gone wild', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await gateway.deploy('neighbour', { envProcess: 'cat' });
  });
  afterAll(() => gateway.dispose());

  function bundle(name: string, { command, mode, files = {} }: Wild): void {
    const folder = join(gateway.home, 'bundles', name);
    mkdirSync(folder, { recursive: true });
    const [program, ...args] = command.split(' ');
    writeFileSync(join(folder, 'function.yml'), `command: ${JSON.stringify([program, ...args])}\nmode: ${mode ?? 'serializing'}\n`);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  }

  /** What a caller sees who takes all that comes. */
  async function call(name: string): Promise<string> {
    const answer = await open(gateway.url, 'POST', `/function/${name}`, { body: 'x' });
    const { statusCode, headers } = answer;
    let bytes = 0;
    try {
      for await (const chunk of answer) bytes += (chunk as Buffer).length;
    } catch {
      return `${statusCode}, cut after ${Math.round(bytes / 1024 ** 2)} MiB`;
    }
    const error = headers['x-shoal-error'];
    return error === undefined ? String(statusCode) : `${statusCode} ${String(error)}`;
  }

  it.each(WILD.map((wild, index) => ({ ...wild, name: `wild-${index}` })))('that $title ends at its limits, with all of its processes, and disturbs nobody', async (wild) => {
    const { name, title, env = {}, memory, mode, sees } = wild;
    bundle(name, wild);
    const notes = join(gateway.home, `${name}.notes`);
    writeFileSync(notes, '');
    await gateway.deploy(name, { envVars: { NOTES: notes, exec_timeout: `${EXEC_S}s`, kill_grace: '200ms', ...env }, ...(memory ? { limits: { memory } } : {}), labels: { 'com.openfaas.scale.max': '1' } });
    const host = childrenOf(gateway.pid, '-host')[0]!;
    let [mostMib, slowestMs] = [mibOf(host), 0];
    const watch = setInterval(() => (mostMib = Math.max(mostMib, mibOf(host))), 100);
    const seen: string[] = [];
    let calling = true;
    const neighbours = (async () => {
      while (calling) {
        const startedMs = performance.now();
        expect((await ask(gateway.url, 'POST', '/function/neighbour', { body: 'x' })).text).toBe('x');
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      }
    })();
    try {
      for (let i = 0; i < CALLS; i++) seen.push(await call(name));
    } finally {
      calling = false;
      await neighbours;
      clearInterval(watch);
    }
    for (const one of seen) expect(one).toMatch(sees);
    expect(childrenOf(gateway.pid, '-host')).toEqual([host]);
    expect(slowestMs).toBeLessThan(NEIGHBOUR_MS);
    expect(mostMib).toBeLessThan(MOST_MIB);
    expect((await ask(gateway.url, 'GET', '/healthz')).status).toBe(200);
    const mine = () => processesWith(`OPENFAAS_NAME=${name}`).filter((pid) => procFile(pid, 'environ').includes(gateway.home));
    if (mode === undefined) {
      await gateway.until(() => mine().length === 0);
      // One that runs away is not to be seen, but for what it does.
      const noted = statSync(notes).size;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(statSync(notes).size).toBe(noted);
    }
    await ask(gateway.url, 'DELETE', '/system/functions', { body: { functionName: name } });
    await gateway.until(() => mine().length === 0);
    faultRow({ area: 'processes', done: `a function that ${title}`, times: `${CALLS} calls of ${EXEC_S} s at most`, lost: 'nothing', seen: `${[...new Set(seen)].join('; ')}; a neighbour's slowest call took ${Math.round(slowestMs)} ms, the host had ${Math.round(mostMib)} MiB; no process is left` });
  });
});

/** 0 when it has ended. */
function mibOf(pid: number): number {
  try {
    return residentMib(pid);
  } catch {
    return 0;
  }
}
