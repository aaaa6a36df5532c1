// What benchmarks share: processes that are started and ended, their processor time and memory, load by wrk, medians.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup.mjs';

const WRK = 'wrk';
const NGINX = '/usr/sbin/nginx';
/** A busy machine makes a call late, not wrong. */
const TIMEOUT = '10s';
/** Started by root, nginx would work as somebody who may not read and write in our folder. */
const AS_OURSELVES = process.getuid?.() === 0 ? 'user root;' : '';
const TICK_US = 10_000; // A clock tick of /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on.

/** For the files of a run; removed at its end. */
export const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
/** Ended in the reverse order of their start. */
const started = [];

/** Ends the process with one sentence when a program that the benchmark needs is not there. */
export function requirePrograms(bench) {
  for (const [program, debianPackage] of [[WRK, 'wrk'], [NGINX, 'nginx-light']]) {
    if (spawnSync(program, ['-v']).error) fail(`${bench} needs ${program}; on Debian: apt-get install ${debianPackage}`);
  }
}

export function readOptions(options, help) {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean', default: false }, ...options } });
    if (!values.help) return values;
    console.log(help);
    process.exit(0);
  } catch (error) {
    return fail(`${error.message}\n\n${help}`);
  }
}

/** Runs `work`, then ends all that it has started, and the process; and so when it is interrupted. */
export async function runBench(work) {
  let code = 0;
  for (const [signal, interrupted] of [['SIGINT', 130], ['SIGTERM', 143]]) process.once(signal, () => void finish(interrupted));
  try {
    await work();
  } catch (error) {
    console.error(error.message);
    code = 1;
  }
  await finish(code);
}

async function finish(code) {
  for (const child of started.reverse()) await end(child);
  process.exit(code);
}

/** What all proxies stand in front of. Resolves with its port. */
export async function startUpstream() {
  return (await startNginxFiles({})).port;
}

/** Sends 12 bytes at `/`, and `files` by their names. */
export function startNginxFiles(files) {
  const served = mkdtempSync(join(folder, 'files-'));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(served, file), content);
  const location = `location = / { default_type text/plain; return 200 "hello world\\n"; } location / { root ${served}; sendfile on; tcp_nopush on; }`;
  return startNginx('files', location);
}

/**
 * What all proxies are compared with: connections to the upstream that are kept, bodies of any size, all else as it comes.
 *
 * @param settings more of its configuration, of the location.
 */
export async function startNginxProxy(upstreamPort, settings = '') {
  const { pid, port } = await startNginx(
    'proxy',
    `location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; client_max_body_size 0; ${settings} }`,
    `upstream up { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 1000000000; }`,
  );
  return { name: 'nginx', pid, url: `http://127.0.0.1:${port}/` };
}

/**
 * Programs of `test/bench`, with the same settings as the product's own build. Resolves with their files by name.
 *
 * @param checkout whose they are.
 */
export async function bundle(names, checkout = root) {
  const { build } = await import('esbuild');
  const outdir = mkdtempSync(join(folder, 'programs-'));
  const entryPoints = names.map((name) => join(checkout, 'test/bench', `${name}.ts`));
  await build({ entryPoints, outdir, outExtension: { '.js': '.cjs' }, bundle: true, platform: 'node', target: 'node20', format: 'cjs', minifySyntax: true, absWorkingDir: checkout, logLevel: 'warning' });
  return Object.fromEntries(names.map((name) => [name, join(outdir, `${name}.cjs`)]));
}

/** Resolves with its process and port. */
async function startNginx(name, location, upstream = '') {
  const port = await freePort();
  const place = mkdtempSync(join(folder, `nginx-${name}-`));
  const file = join(place, 'nginx.conf');
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${place}/${kind};`).join(' ');
  writeFileSync(
    file,
    `${AS_OURSELVES} worker_processes 1; daemon off; pid ${place}/pid; error_log stderr error; events { worker_connections 4096; }
http { access_log off; ${temps} keepalive_requests 1000000000; ${upstream} server { listen 127.0.0.1:${port}; ${location} } }\n`,
  );
  const child = launch(NGINX, ['-c', file, '-e', 'stderr']);
  await until(() => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false), `nginx (${name})`);
  return { pid: child.pid, port };
}

/** Calls a second, latencies, and the processor time of a call, in microseconds, of a process with all its descendants, less those `without`. */
export async function measure({ url, pid }, load, { without } = {}) {
  const beforeUs = cpuUs(pid, without);
  const { requests, ...rest } = await wrk(url, load);
  return { ...rest, cpuUs: (cpuUs(pid, without) - beforeUs) / requests };
}

/** @param load `connections`, `seconds`, and `script`: a file in Lua that makes the requests. */
export function wrk(url, { connections, seconds, script }) {
  return new Promise((resolve, reject) => {
    const child = spawn(WRK, ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', TIMEOUT, '--latency', ...(script ? ['-s', script] : []), url]);
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
  const [, number, unit] = new RegExp(`^ +${percent}% +([\\d.]+)(us|ms|s) *$`, 'm').exec(output);
  return Number(number) * { us: 1, ms: 1_000, s: 1_000_000 }[unit];
}

/** Processor time of a process with its threads, and of its descendants, those among them that have ended; less those `without`. */
export function cpuUs(pid, without) {
  const used = (stat) => stat.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  return tree(pid, without).reduce((sum, one) => sum + used(statOf(one)) * TICK_US, 0);
}

/** A process and its descendants; those `without` are left out with all of theirs. */
export function tree(pid, without = () => false) {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !without(name));
  const parents = processes.map((name) => [Number(name), Number(statOf(name)[1])]);
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

export function residentMib(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function rounded(value) {
  return Math.round(value * 100) / 100;
}

export function launch(command, args, env = process.env) {
  return launched(spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** Has a child ended with the rest, and what it writes kept. */
export function launched(child) {
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (child.output += chunk));
  started.push(child);
  return child;
}

export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

export async function until(condition, what, pollMs = 20) {
  for (const deadline = Date.now() + 20_000; !(await condition()); await sleep(pollMs)) {
    if (Date.now() > deadline) throw new Error(`${what} was not up in time:\n${started.map(({ output }) => output).join('\n')}`);
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What is being done; the next one takes its place. */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text} `);
}

/** What has been done, on a line of its own, also where nobody looks on. */
export function progressLine(text) {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`);
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

/**
 * Measures each target `rounds` times, in turns: another one begins each round, so that none always has the quietest moment.
 * Resolves with the samples by the target's name.
 */
export async function alternate(targets, rounds, sample, label) {
  const samples = new Map(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = targets.map((_, i) => targets[(i + round) % targets.length]);
    for (const target of order) samples.get(target.name).push(await sample(target));
    progress(`${label}, round ${round + 1} of ${rounds}`);
  }
  return samples;
}

/** The ratios of one field of two targets' samples, round by round, and their median. */
export function ratiosOf(samples, name, base, field) {
  const rounds = samples.get(name).map((sample, i) => sample[field] / samples.get(base)[i][field]);
  return { rounds: rounds.map(rounded), median: rounded(median(rounds)) };
}

/** The median of each field of each target's samples. */
export function mediansOf(samples) {
  return [...samples].map(([name, all]) => ({
    name,
    ...Object.fromEntries(Object.keys(all[0]).map((field) => [field, median(all.map((sample) => sample[field]))])),
  }));
}
