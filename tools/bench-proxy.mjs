// `npm run bench:proxy`: what one call costs on its way through the gateway, beside nginx in the same run.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const WRK = 'wrk';
const NGINX = '/usr/sbin/nginx';
const CONNECTIONS = [1, 32];
const WARM_UP_SECONDS = 2;
const TICK_US = 10_000; // A clock tick of /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on.
const ADDED_FUNCTIONS = 180;

const HELP = `Usage: npm run bench:proxy -- [options]

  --rounds=N      alternating measurements of each (default 5)
  --seconds=N     length of each measurement (default 3)
  --json          print the numbers as JSON too
  --profile=DIR   write a CPU profile of the one-hop gateway there
  --no-memory     skip the memory figures
  --help          print this text`;

const options = readOptions({
  help: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '3' },
  json: { type: 'boolean', default: false },
  profile: { type: 'string' },
  'no-memory': { type: 'boolean', default: false },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
if (!(rounds >= 1 && seconds >= 1)) fail('--rounds and --seconds must be numbers from 1 on');

requireNode();
for (const [program, args, debianPackage] of [[WRK, ['-v'], 'wrk'], [NGINX, ['-v'], 'nginx-light']]) {
  if (spawnSync(program, args).error) fail(`bench:proxy needs ${program}; on Debian: apt-get install ${debianPackage}`);
}
await ensureInstalled();
await ensureBuilt();

const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-'));
/** Ended in the reverse order of their start. */
const started = [];
let code = 0;
try {
  const result = { node: process.version, rounds, seconds, proxy: await benchProxies(), ...(options['no-memory'] ? {} : { memory: await measureMemory() }) };
  if (options.json) console.log(JSON.stringify(result, null, 2));
} catch (error) {
  console.error(error.message);
  code = 1;
} finally {
  for (const child of started.reverse()) await end(child);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);

function readOptions(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(`${error.message}\n\n${HELP}`);
  }
}

async function benchProxies() {
  const targets = await startTargets();
  for (const { url } of targets) await wrk(url, CONNECTIONS.at(-1), WARM_UP_SECONDS);
  return eachInTurn(CONNECTIONS, async (connections) => {
    const samples = new Map(targets.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      // Another one begins each round, so that none always has the quietest moment.
      const order = targets.map((_, i) => targets[(i + round) % targets.length]);
      for (const target of order) samples.get(target.name).push(await measure(target, connections));
      progress(`${connections} connection(s), round ${round + 1} of ${rounds}`);
    }
    const table = summarise(samples);
    const ratios = samples.get('gateway').map(({ cpuUs }, i) => cpuUs / samples.get('nginx')[i].cpuUs);
    print(connections, table, ratios);
    return { connections, table, gatewayPerNginx: { rounds: ratios.map(rounded), median: rounded(median(ratios)) } };
  });
}

/** All in front of the same upstream, save the last, which has a function of its own. */
async function startTargets() {
  const programs = await bundle(['bench-gateway', 'bare-relay', 'http-function']);
  const upstreamPort = await startNginx('upstream', 'location / { default_type text/plain; return 200 "hello world\\n"; }');
  const upstream = `http://127.0.0.1:${upstreamPort.port}`;
  const nginx = await startNginx(
    'proxy',
    'location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }',
    `upstream up { server 127.0.0.1:${upstreamPort.port}; keepalive 64; keepalive_requests 1000000000; }`,
  );
  if (options.profile) mkdirSync(options.profile, { recursive: true });
  const profiling = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
  const gateway = await startProgram([...profiling, programs['bench-gateway'], upstream]);
  const relay = await startProgram([programs['bare-relay'], upstream]);
  const whole = await startGateway({ SHOAL_SAMPLES: 'false' });
  await deploy(whole.url, 'bench', { envProcess: `${process.execPath} ${programs['http-function']}`, envVars: { mode: 'http' } });
  return [
    { name: 'nginx', pid: nginx.pid, url: `http://127.0.0.1:${nginx.port}/` },
    { name: 'gateway', pid: gateway.pid, url: `http://127.0.0.1:${gateway.port}/function/bench` },
    { name: 'bare node:http + undici relay', pid: relay.pid, url: `http://127.0.0.1:${relay.port}/` },
    { name: 'gateway + host + http function', pid: whole.pid, url: `${whole.url}/function/bench` },
  ];
}

/** With the same settings as the product's own build. */
async function bundle(names) {
  const { build } = await import('esbuild');
  const entryPoints = names.map((name) => join(root, 'test/bench', `${name}.ts`));
  await build({ entryPoints, outdir: folder, outExtension: { '.js': '.cjs' }, bundle: true, platform: 'node', target: 'node20', format: 'cjs', minifySyntax: true, absWorkingDir: root, logLevel: 'warning' });
  return Object.fromEntries(names.map((name) => [name, join(folder, `${name}.cjs`)]));
}

async function startNginx(name, location, upstream = '') {
  const port = await freePort();
  const file = join(folder, `${name}.conf`);
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`).join(' ');
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${folder}/${name}.pid; error_log stderr error; events { worker_connections 1024; }
http { access_log off; ${temps} keepalive_requests 1000000000; ${upstream} server { listen 127.0.0.1:${port}; ${location} } }\n`,
  );
  const child = launch(NGINX, ['-c', file, '-e', 'stderr']);
  await until(() => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false), `nginx (${name})`);
  return { pid: child.pid, port };
}

/** Programs of ours print their port. */
async function startProgram(args) {
  const child = launch(process.execPath, args);
  await until(() => /^\d+\n/.test(child.output), args.at(-2));
  return { pid: child.pid, port: Number(child.output) };
}

async function startGateway(env) {
  const home = mkdtempSync(join(folder, 'home-'));
  const settings = { PATH: process.env.PATH, HOME: home, SHOAL_HOME: home, SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0', basic_auth: 'false', ...env };
  const child = launch(process.execPath, [join(root, 'dist/gateway/main.cjs')], settings);
  await until(() => /^ {2}Data/m.test(child.output), 'the gateway');
  return { pid: child.pid, url: /Portal +(http:\/\/[^/]+)/.exec(child.output)[1] };
}

async function deploy(url, service, deployment) {
  const answer = await fetch(`${url}/system/functions`, { method: 'POST', body: JSON.stringify({ service, image: service, ...deployment }) });
  if (answer.status !== 202) throw new Error(`deploying ${service}: ${answer.status} ${await answer.text()}`);
  await until(async () => (await (await fetch(`${url}/system/function/${service}`)).json()).availableReplicas >= 1, service);
}

async function measure({ url, pid }, connections) {
  const beforeUs = cpuUs(pid);
  const { requests, ...rest } = await wrk(url, connections, seconds);
  return { ...rest, cpuUs: (cpuUs(pid) - beforeUs) / requests };
}

function wrk(url, connections, duration) {
  return new Promise((resolve, reject) => {
    const child = spawn(WRK, ['-t1', `-c${connections}`, `-d${duration}s`, '--latency', url]);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.on('close', () => {
      const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
      if (!requests || /Non-2xx|Socket errors/.test(output)) return reject(new Error(`wrk ${url} failed:\n${output}`));
      resolve({ requests, perSecond: Number(/Requests\/sec: +([\d.]+)/.exec(output)[1]), p50Us: percentileUs(output, 50), p99Us: percentileUs(output, 99) });
    });
  });
}

function percentileUs(output, percent) {
  const [, number, unit] = new RegExp(`^ +${percent}% +([\\d.]+)(us|ms|s)$`, 'm').exec(output);
  return Number(number) * { us: 1, ms: 1_000, s: 1_000_000 }[unit];
}

/** Processor time of a process with its threads, and of its descendants. */
function cpuUs(pid) {
  return tree(pid).reduce((sum, one) => sum + (Number(statOf(one)[11]) + Number(statOf(one)[12])) * TICK_US, 0);
}

function tree(pid) {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), Number(statOf(name)[1])]);
  const found = [pid];
  for (const one of found) found.push(...parents.filter(([, parent]) => parent === one).map(([child]) => child));
  return found;
}

/** The fields after the name, which may hold spaces. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  } catch {
    return []; // It has ended.
  }
}

async function measureMemory() {
  const gateway = await startGateway({ SHOAL_SAMPLES: 'true' });
  const idle = await settledMemory(gateway.pid);
  for (let i = 1; i <= ADDED_FUNCTIONS; i++) await deploy(gateway.url, `idle-${i}`, { envProcess: 'cat' });
  const added = await settledMemory(gateway.pid);
  if (!options.json) {
    console.log('\nMemory when idle (resident)');
    console.table({ 'with the samples': describeMemory(idle), [`and ${ADDED_FUNCTIONS} more classic functions`]: describeMemory(added) });
    console.log(`The ${ADDED_FUNCTIONS} functions added ${(added.total - idle.total).toFixed(1)} MiB and ${added.processes - idle.processes} processes.`);
  }
  return { idle, added };
}

/** Read once it has stopped changing. */
async function settledMemory(pid) {
  for (let before = 0, looks = 0; ; looks++) {
    const [gateway, ...others] = tree(pid).map(residentMib);
    const total = gateway + others.reduce((sum, mib) => sum + mib, 0);
    if (Math.abs(total - before) < 0.5 || looks === 30) return { gateway, host: others[0], total, processes: 1 + others.length };
    before = total;
    await sleep(1_000);
  }
}

function describeMemory({ gateway, host, total, processes }) {
  return { 'gateway MiB': gateway.toFixed(1), 'host MiB': host.toFixed(1), 'in all MiB': total.toFixed(1), processes };
}

function residentMib(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

function summarise(samples) {
  return [...samples].map(([name, all]) => {
    const of = (field) => median(all.map((sample) => sample[field]));
    return { name, perSecond: Math.round(of('perSecond')), p50Us: Math.round(of('p50Us')), p99Us: Math.round(of('p99Us')), cpuUs: rounded(of('cpuUs')) };
  });
}

function print(connections, table, ratios) {
  if (options.json) return;
  const nginx = table.find(({ name }) => name === 'nginx');
  console.log(`\n${connections} connection(s), medians of ${rounds} rounds of ${seconds} s`);
  console.table(
    Object.fromEntries(
      table.map(({ name, perSecond, p50Us, p99Us, cpuUs: cpu }) => [
        name,
        { 'requests/s': perSecond, 'p50 µs': p50Us, 'p99 µs': p99Us, 'CPU µs/request': cpu, 'CPU × nginx': rounded(cpu / nginx.cpuUs) },
      ]),
    ),
  );
  console.log(`CPU of the gateway per nginx's, by round: ${ratios.map((ratio) => ratio.toFixed(2)).join('  ')}; median ${median(ratios).toFixed(2)}`);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function rounded(value) {
  return Math.round(value * 100) / 100;
}

function launch(command, args, env = process.env) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (child.output += chunk));
  started.push(child);
  return child;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

async function until(condition, what) {
  for (const deadline = Date.now() + 20_000; !(await condition()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`${what} was not up in time:\n${started.map(({ output }) => output).join('\n')}`);
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function eachInTurn(items, work) {
  const results = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text} `);
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
