// `npm run bench:functions`: what ten thousand functions cost the gateway that knows them, beside ten.
import { fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { buildGateway } from './build.mjs';
import { folder, launched, median, progress, readOptions, requirePrograms, rounded, runBench, sleep, startUpstream } from './measure.mjs';
import { ensureInstalled, requireNode, root } from './setup.mjs';

const FEW = 10;
const DEPLOYED = 100;
const KIB = 1024;
const CALLERS = 32;
const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });

const options = readOptions(
  {
    functions: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
  `Usage: npm run bench:functions -- [options]

Runs the gateway with many functions, and beside it one with ${FEW}; a provider in memory runs them all.

  --functions=N   how many are many (10000)
  --rounds=N      alternating measurements of each (7)
  --seconds=N     how long idleness and a viewer are watched (5)
  --profile=DIR   write a CPU profile of both there
  --json          print the numbers as JSON too
  --help          print this text`,
);
const [functions, rounds, seconds] = [Number(options.functions), Number(options.rounds), Number(options.seconds)];

requireNode();
requirePrograms('bench:functions');
await ensureInstalled();
await runBench(async () => {
  const program = join(folder, 'many-functions.cjs');
  await buildGateway('test/bench/many-functions.ts', program);
  const upstream = `http://127.0.0.1:${await startUpstream()}`;
  const few = await start(program, FEW, upstream);
  const many = await start(program, functions, upstream);
  const both = { few: await examine(few), many: await examine(many) };
  print(both);
  if (options.json) console.log(JSON.stringify(both, null, 2));
});

async function start(program, count, upstream) {
  const home = mkdtempSync(join(folder, 'home-'));
  const profiling = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`, `--cpu-prof-name=${count}.cpuprofile`] : [];
  const child = launched(fork(program, [String(count), upstream], { env: { PATH: process.env.PATH, HOME: home, SHOAL_HOME: home, NODE_PATH: join(root, 'node_modules') }, execArgv: ['--expose-gc', ...profiling], silent: true }));
  let refuse;
  child.once('exit', () => refuse(new Error(`the gateway ended:\n${child.output.slice(-2_000)}`)));
  const answer = () => new Promise((resolve, reject) => {
    refuse = reject;
    child.once('message', resolve);
  });
  const urls = await answer();
  const ask = (question) => {
    child.send(question);
    return answer();
  };
  return { count, ask, ...urls };
}

/** All numbers of one gateway. Times in ms, memory in bytes. */
async function examine(gateway) {
  const { count, ask, url, metricsUrl } = gateway;
  const name = `${count} functions`;
  progress(`${name}: look-up`);
  const lookUpNs = median(await times(rounds, () => ask('lookUp')));
  await sleep(2_000);
  const idleBytes = await ask('memory');
  const idle = await during(gateway, () => sleep(seconds * 1_000));
  progress(`${name}: list`);
  const list = await medianOf(gateway, () => get(`${url}/system/functions`));
  const scrapeUncalled = await medianOf(gateway, () => get(metricsUrl));
  progress(`${name}: calls`);
  for (let round = 0; round < 2; round++) await callAll(url, count);
  const calledBytes = await ask('memory');
  const scrape = await medianOf(gateway, () => get(metricsUrl));
  const busyIdle = await during(gateway, () => sleep(seconds * 1_000));
  progress(`${name}: a viewer`);
  const viewer = await watch(`${url}/system/events`);
  await sleep(1_500);
  const watched = await during(gateway, () => sleep(seconds * 1_000));
  const watchedBytes = await ask('memory');
  viewer.destroy();
  await sleep(100);
  progress(`${name}: deploying`);
  const deploying = await during(gateway, () => deploySome(url));
  const steadyBytes = await ask('steady');
  return { lookUpNs, idleBytes, calledBytes, watchedBytes, steadyBytes, idle, list, scrapeUncalled, scrape, busyIdle, watched, deploying };
}

/** How long `work` takes, what it costs the gateway, the most that it does in one piece, and what `work` resolves with. */
async function during({ ask }, work) {
  await ask('piece');
  const [cpuUs, startedMs] = [await ask('cpu'), performance.now()];
  const bytes = await work();
  const ms = performance.now() - startedMs;
  return { ms, cpuMs: ((await ask('cpu')) - cpuUs) / 1_000, pieceMs: await ask('piece'), bytes };
}

async function medianOf(gateway, work) {
  const all = await times(rounds, () => during(gateway, work));
  return Object.fromEntries(['ms', 'cpuMs', 'pieceMs', 'bytes'].map((field) => [field, median(all.map((one) => one[field]))]));
}

async function times(count, work) {
  const results = [];
  for (let i = 0; i < count; i++) results.push(await work());
  return results;
}

/** Resolves with the length of the answer. */
function get(url, { method = 'GET', body, status = 200 } = {}) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk) => (bytes += chunk.length));
      answer.on('end', () => (answer.statusCode === status ? resolve(bytes) : reject(new Error(`${method} ${url}: ${answer.statusCode}`))));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function callAll(url, count) {
  let next = 0;
  const caller = async () => {
    while (next < count) await get(`${url}/function/function-${next++}`);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** Resolves with the answer that goes on, once it has begun. */
function watch(url) {
  return new Promise((resolve, reject) => {
    request(url, (answer) => {
      answer.once('data', () => resolve(answer));
      answer.resume();
    }).on('error', reject).end();
  });
}

async function deploySome(url) {
  for (let i = 0; i < DEPLOYED; i++) {
    const body = JSON.stringify({ service: `deployed-${i}`, image: 'registry.example.com/deployed:1', labels: { 'com.openfaas.scale.max': '5' } });
    await get(`${url}/system/functions`, { method: 'POST', body, status: 202 });
  }
}

function print({ few, many }) {
  const perFunction = (field) => (many[field] - few[field]) / (functions - FEW);
  const rows = [
    ['find the function of a request, × as long as with few', many.lookUpNs / few.lookUpNs, 2, 1],
    ['… ns', many.lookUpNs, '', few.lookUpNs],
    ['memory a function: known, KiB', perFunction('idleBytes') / KIB, 8, '–'],
    ['memory a function: all called, KiB', perFunction('calledBytes') / KIB, 8, '–'],
    ['memory a function: called in each step for ten minutes, KiB', (perFunction('calledBytes') + few.steadyBytes) / KIB, 8, '–'],
    ['… more than called twice, KiB', many.steadyBytes / KIB, '', few.steadyBytes / KIB],
    ['memory a function: all called and watched, KiB', perFunction('watchedBytes') / KIB, 8, '–'],
    ['GET /system/functions, ms', many.list.ms, 100, few.list.ms],
    ['… in one piece, CPU ms', many.list.pieceMs, 100, few.list.pieceMs],
    ['… its size, KiB', many.list.bytes / KIB, '', few.list.bytes / KIB],
    ['idle: CPU a second (ticks of scaling and schedules), ms', many.idle.cpuMs / seconds, 100, few.idle.cpuMs / seconds],
    ['… in one piece, CPU ms', many.idle.pieceMs, 50, few.idle.pieceMs],
    ['… all called: CPU a second, ms', many.busyIdle.cpuMs / seconds, 100, few.busyIdle.cpuMs / seconds],
    ['… in one piece, CPU ms', many.busyIdle.pieceMs, 50, few.busyIdle.pieceMs],
    ['scrape, none called, ms', many.scrapeUncalled.ms, 500, few.scrapeUncalled.ms],
    ['scrape, all called, ms', many.scrape.ms, 500, few.scrape.ms],
    ['… CPU, ms', many.scrape.cpuMs, '', few.scrape.cpuMs],
    ['… in one piece, CPU ms', many.scrape.pieceMs, 50, few.scrape.pieceMs],
    ['… its size, KiB', many.scrape.bytes / KIB, '', few.scrape.bytes / KIB],
    ['watched: more CPU a second, ms', (many.watched.cpuMs - many.busyIdle.cpuMs) / seconds, 100, (few.watched.cpuMs - few.busyIdle.cpuMs) / seconds],
    ['… in one piece, CPU ms', many.watched.pieceMs, 50, few.watched.pieceMs],
    [`deploy ${DEPLOYED} one after another, ms each`, many.deploying.ms / DEPLOYED, '', few.deploying.ms / DEPLOYED],
    ['… in one piece, CPU ms', many.deploying.pieceMs, 50, few.deploying.pieceMs],
  ];
  const shown = (value) => (typeof value === 'number' ? rounded(value) : value);
  console.log(`\n${functions} functions, medians of ${rounds} rounds, ${process.version}`);
  console.table(rows.map(([what, value, allowed, beside]) => ({ what, value: shown(value), allowed, [`with ${FEW}`]: shown(beside) })));
}
