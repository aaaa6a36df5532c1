// `npm run bench:tail`: how long the slowest calls take, and how long the gateway holds them up, at 70 % of its own peak.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { deploy, startGateway, startHop } from './bench/gateways.mjs';
import { buildGateway } from './build.mjs';
import { alternate, bundle, fail, folder, launch, mediansOf, progress, readOptions, requirePrograms, rounded, runBench, sleep, startNginxProxy, startUpstream, until, wrk } from './measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const PART_OF_PEAK = 0.7;
const DEPLOYED = 100;
const PROBED = ['--require', join(root, 'tools/loop-probe.cjs')];

const options = readOptions(
  {
    connections: { type: 'string', default: '256' },
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    functions: { type: 'string', default: '10000' },
    rate: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  `Usage: npm run bench:tail -- [options]

Calls come at a fixed rate, ${PART_OF_PEAK * 100} % of what the gateway can do at most, and count from when they were due. Beside the gateway, nginx at the
same rate. Then the same while ${DEPLOYED} functions are deployed: with many functions in memory, and with the local provider.

  --connections=N   (256)
  --rounds=N        alternating measurements (3)
  --seconds=N       length of each (8)
  --functions=N     how many there are while others are deployed (10000)
  --rate=N          calls a second, instead of a part of the peak
  --json            print the numbers as JSON too
  --help            print this text`,
);
const [connections, seconds, rounds] = [Number(options.connections), Number(options.seconds), Number(options.rounds)];
if (!(connections >= 1 && seconds >= 1 && rounds >= 1)) fail('--connections, --seconds and --rounds must be numbers from 1 on');

requireNode();
requirePrograms('bench:tail');
await ensureInstalled();
await ensureBuilt();
await runBench(async () => {
  const upstreamPort = await startUpstream();
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const { 'http-function': httpFunction } = await bundle(['http-function']);
  const gateway = { name: 'gateway', ...(await startHop(root, upstream, PROBED)) };
  const rate = await rateFor(gateway);
  const steady = mediansOf(await alternate([await startNginxProxy(upstreamPort), gateway], rounds, (target) => sample(target, rate), 'steady'));
  const many = await startMany(upstream);
  const local = await startLocal(httpFunction);
  const deploying = [];
  for (const target of [many, local]) {
    const ownRate = await rateFor(target);
    const before = await sample(target, ownRate);
    const during = await sample(target, ownRate, () => deploySome(target));
    deploying.push({ name: target.name, ...before }, { name: `${target.name}, while ${DEPLOYED} are deployed`, ...during });
  }
  print(`${Math.round(rate)} calls a second, ${connections} connections, medians of ${rounds} rounds of ${seconds} s, ${process.version}`, steady);
  print(`each at ${PART_OF_PEAK * 100} % of its own peak, one round of ${seconds} s`, deploying);
  if (options.json) console.log(JSON.stringify({ rate, steady, deploying }, null, 2));
});

/** The whole gateway; a provider in memory runs the functions. */
async function startMany(upstream) {
  const program = join(folder, 'many-functions.cjs');
  await buildGateway('test/bench/many-functions.ts', program);
  const home = mkdtempSync(join(folder, 'home-'));
  const env = { PATH: process.env.PATH, HOME: home, SHOAL_HOME: home, NODE_PATH: join(root, 'node_modules') };
  const child = launch(process.execPath, [...PROBED, program, options.functions, upstream], env);
  await until(() => /^{.*url/m.test(child.output), 'the gateway with many functions');
  const { url } = JSON.parse(/^{.*url.*}$/m.exec(child.output)[0]);
  return { name: `gateway, ${options.functions} functions in memory`, child, url: `${url}/function/function-1`, api: url, deployment: {} };
}

/** The product as it is built, with its function host. */
async function startLocal(httpFunction) {
  const { child, url } = await startGateway(root, { nodeOptions: PROBED });
  // One replica: more than there are processors would compete for them.
  await deploy(url, 'bench', { envProcess: `${process.execPath} ${httpFunction}`, envVars: { mode: 'http' }, labels: { 'com.openfaas.scale.max': '1' } });
  return { name: 'gateway and function host, local provider', child, url: `${url}/function/bench`, api: url, deployment: { envProcess: 'cat' } };
}

/** The peak itself warms it up. */
async function rateFor({ url }) {
  if (options.rate) return Number(options.rate);
  await wrk(url, { connections, seconds: 3 });
  return (await wrk(url, { connections, seconds: 4 })).perSecond * PART_OF_PEAK;
}

/** Latencies of callers, and what the probe saw in the gateway meanwhile. */
async function sample(target, rate, meanwhile = async () => undefined) {
  await sleep(500);
  await probe(target);
  const [load] = await Promise.all([openLoad(target.url, rate), sleep(1_000).then(meanwhile)]);
  const { ms, cpuMs, allocatedBytes, gcMs, ...rest } = await probe(target);
  return { ...load, ...rest, cpuUs: (cpuMs * 1_000) / load.requests, allocatedBytes: allocatedBytes / load.requests, gcPercent: (gcMs / ms) * 100 };
}

async function probe({ child }) {
  if (!child) return {}; // It is not ours.
  const before = child.output.length;
  child.kill('SIGUSR2');
  const line = () => /^PROBE (.*)$/m.exec(child.output.slice(before));
  await until(line, 'the probe');
  return JSON.parse(line()[1]);
}

function openLoad(url, rate) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'tools/open-load.mjs'), url, String(rate), String(connections), String(seconds)]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`the load failed: ${output}`))));
  });
}

async function deploySome({ api, deployment }) {
  for (let i = 0; i < DEPLOYED; i++) await deploy(api, `deployed-${i}`, deployment);
}

function print(title, rows) {
  const shown = (value) => (value === undefined || Number.isNaN(value) ? '–' : rounded(value));
  console.log(`\n${title}`);
  console.table(
    Object.fromEntries(
      rows.map(({ name, ...row }) => [
        name,
        {
          'p50 ms': shown(row.p50),
          'p99 ms': shown(row.p99),
          'p99.9 ms': shown(row.p999),
          'max ms': shown(row.max),
          'failed or unanswered': row.failed + row.unanswered,
          'loop p99 ms': shown(row.loopP99Ms),
          'loop max ms': shown(row.loopMaxMs),
          'in one piece CPU ms': shown(row.pieceMs),
          'CPU µs a call': shown(row.cpuUs),
          'bytes a call': shown(row.allocatedBytes),
          'GC % of time': shown(row.gcPercent),
          'longest GC ms': shown(row.longestGcMs),
          'load late p99 ms': shown(row.ownP99),
        },
      ]),
    ),
  );
}
