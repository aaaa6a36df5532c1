// `npm run bench:watchdog`: the watchdog's start, memory and cost of a call, each beside the least that could do it.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { ensureBun, hostPlatform } from './bun.mjs';
import { ensureExecutable } from './executables.mjs';
import { alternate, end, fail, folder, freePort, launch, measure, mediansOf, ratiosOf, readOptions, requirePrograms, residentMib, rounded, runBench, sleep, startNginxProxy, startUpstream, until, wrk } from './measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const FORK_CONNECTIONS = 8;
const HTTP_CONNECTIONS = [1, 32];
const WARM_UP_SECONDS = 2;
/** Starts are short, and so need more of them. */
const STARTS_A_ROUND = 3;
const SETTLE_MS = 500;
const LOAD_FIELDS = { perSecond: 'calls/s', p50Us: 'p50 µs', p99Us: 'p99 µs', cpuUs: 'CPU µs/call' };
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const HELP = `Usage: npm run bench:watchdog -- [options]

  --rounds=N    alternating measurements of each (default 5)
  --seconds=N   length of each measurement (default 3)
  --only=WHAT   start, serializing, http or streaming (default: all)
  --json        print the numbers as JSON too
  --help        print this text`;

const PARTS = { start: benchStart, serializing: benchSerializing, http: benchHttp, streaming: benchStreaming };

const options = readOptions(
  { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' }, only: { type: 'string' }, json: { type: 'boolean', default: false } },
  HELP,
);
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
if (!(rounds >= 1 && seconds >= 1)) fail('--rounds and --seconds must be numbers from 1 on');
const parts = options.only === undefined ? Object.keys(PARTS) : [options.only];
if (!PARTS[parts[0]]) fail(`--only must be one of ${Object.keys(PARTS).join(', ')}`);

requireNode();
requirePrograms('bench:watchdog');
if (!hostPlatform()) fail('bench:watchdog compares with Bun, which there is not for this machine');
await ensureInstalled();
await ensureBuilt();
const bun = await ensureBun(hostPlatform());
const compiled = [await ensureExecutable()];
const onNode = [process.execPath, join(root, 'dist/watchdog/main.cjs')];
const bare = (name) => [bun, join(root, 'test/bench', `${name}.js`)];

await runBench(async () => {
  const result = { node: process.version, rounds, seconds };
  for (const part of parts) result[part] = await PARTS[part]();
  if (options.json) console.log(JSON.stringify(result, null, 2));
});

/** From the start of the process to its first answer, and what it holds a moment later. */
async function benchStart() {
  const targets = [
    { name: 'bare Bun.serve', command: bare('bare-bun-server') },
    { name: 'watchdog, compiled', command: compiled },
    { name: 'watchdog, on Node', command: onNode },
  ];
  const samples = await alternate(targets, rounds * STARTS_A_ROUND, ({ command }) => startOnce(command), 'start');
  return print('Start and idle memory', samples, 'bare Bun.serve', { startMs: 'ms to first answer', idleMib: 'idle MiB' });
}

async function startOnce(command) {
  const startedMs = performance.now();
  const { child, url } = await launchOn(command, { fprocess: 'cat' }, 1);
  const startMs = performance.now() - startedMs;
  await fetch(`${url}/_/health`).then((answer) => answer.text());
  await sleep(SETTLE_MS);
  const idleMib = residentMib(child.pid);
  child.kill('SIGKILL');
  await end(child);
  return { startMs, idleMib };
}

/** A process a call: `cat`. */
async function benchSerializing() {
  const script = join(folder, 'post.lua');
  writeFileSync(script, 'wrk.method = "POST"; wrk.body = "hello world\\n"');
  const cat = { fprocess: 'cat', suppress_lock: 'true' };
  const targets = await Promise.all([
    startTarget('bare Bun.serve + Bun.spawn', bare('bare-bun-spawn')),
    startTarget('watchdog, compiled', compiled, cat),
    startTarget('watchdog, compiled, prefork', compiled, { ...cat, cgi_headers: 'false', prefork: '16' }),
    startTarget('watchdog, on Node', onNode, cat),
  ]);
  const load = { connections: FORK_CONNECTIONS, seconds, script };
  for (const { url } of targets) await wrk(url, { ...load, seconds: WARM_UP_SECONDS });
  const samples = await alternate(targets, rounds, (target) => measure(target, load), 'serializing');
  await endAll(targets);
  return print(`serializing, cat, ${FORK_CONNECTIONS} connections`, samples, targets[0].name, LOAD_FIELDS);
}

/** In front of a server that does next to nothing; its own cost is not counted. */
async function benchHttp() {
  const upstreamPort = await startUpstream();
  const env = { mode: 'http', fprocess: 'sleep 1000000', upstream_url: `http://127.0.0.1:${upstreamPort}`, suppress_lock: 'true' };
  const targets = [await startNginxProxy(upstreamPort), await startTarget('watchdog, compiled', compiled, env), await startTarget('watchdog, on Node', onNode, env)];
  const results = [];
  for (const { url } of targets) await wrk(url, { connections: HTTP_CONNECTIONS.at(-1), seconds: WARM_UP_SECONDS });
  for (const connections of HTTP_CONNECTIONS) {
    const samples = await alternate(targets, rounds, (target) => measure(target, { connections, seconds }), `http, ${connections} connection(s)`);
    results.push(print(`http, ${connections} connection(s)`, samples, 'nginx', LOAD_FIELDS));
  }
  await endAll(targets);
  return results;
}

/** A gibibyte up and down through `cat` at a time: how fast, and by how much the watchdog grows. */
async function benchStreaming() {
  const env = { mode: 'streaming', fprocess: 'cat', suppress_lock: 'true', exec_timeout: '5m', write_timeout: '5m', read_timeout: '5m' };
  const targets = await Promise.all([startTarget('watchdog, compiled', compiled, env), startTarget('watchdog, on Node', onNode, env)]);
  for (const target of targets) await upAndDown(target, 64 * MIB);
  const samples = await alternate(targets, rounds, (target) => upAndDown(target, GIB), 'streaming');
  await endAll(targets);
  return print('streaming, 1 GiB both ways through cat', samples, targets[0].name, { mibPerSecond: 'MiB/s', grownMib: 'grown by MiB' });
}

async function upAndDown({ url, pid }, bytes) {
  const chunk = Buffer.alloc(MIB, 'shoal');
  const before = residentMib(pid);
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, residentMib(pid))), 20);
  const startedMs = performance.now();
  const outgoing = request(url, { method: 'POST', headers: { 'Content-Length': bytes } });
  const feed = async () => {
    for (let sent = 0; sent < bytes; sent += chunk.byteLength) if (!outgoing.write(chunk)) await once(outgoing, 'drain');
    outgoing.end();
  };
  const fed = feed();
  const [answer] = await once(outgoing, 'response');
  let received = 0;
  for await (const part of answer) received += part.byteLength;
  await fed;
  clearInterval(timer);
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came back`);
  return { mibPerSecond: bytes / MIB / ((performance.now() - startedMs) / 1_000), grownMib: peak - before };
}

async function startTarget(name, command, env = {}) {
  const { child, url } = await launchOn(command, env, 20);
  // Its whole start, with what it logs, is over.
  await sleep(SETTLE_MS);
  return { name, url: `${url}/`, pid: child.pid, child };
}

/** Resolves when it answers, which is looked for every `pollMs`. */
async function launchOn(command, env, pollMs) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const { PATH } = process.env;
  const child = launch(command[0], command.slice(1), { PATH, TMPDIR: folder, port: String(port), metrics_port: String(metricsPort), healthcheck_interval: '0s', ...env });
  const url = `http://127.0.0.1:${port}`;
  await until(() => answers(`${url}/_/health`), command.join(' '), pollMs);
  return { child, url };
}

function answers(url) {
  return new Promise((resolve) => {
    request(url, { agent: false }, (answer) => answer.resume().on('end', () => resolve(true))).on('error', () => resolve(false)).end();
  });
}

async function endAll(targets) {
  for (const { child } of targets) if (child) await end(child);
}

/** Prints a table of medians, with ratios to `base`, and returns it. */
function print(title, samples, base, fields) {
  const table = mediansOf(samples);
  const ratio = (name, field) => ratiosOf(samples, name, base, field);
  if (!options.json) console.log(`\n${title}; medians of ${samples.get(base).length}`);
  const rows = table.map((row) => [
    row.name,
    Object.fromEntries(
      Object.entries(fields).flatMap(([field, label]) => [
        [label, row[field] >= 100 ? Math.round(row[field]) : rounded(row[field])],
        ...(/^p\d/.test(field) ? [] : [[`× (${label})`, ratio(row.name, field).median]]),
      ]),
    ),
  ]);
  if (!options.json) console.table(Object.fromEntries(rows));
  return Object.fromEntries(table.map(({ name, ...row }) => [name, { ...row, ratios: Object.fromEntries(Object.keys(fields).map((field) => [field, ratio(name, field)])) }]));
}
