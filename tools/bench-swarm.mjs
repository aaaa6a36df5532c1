// `npm run bench:swarm`: how long a call waits for a function that sleeps, beside the bare engine's own time for the same
// task; and how long it takes to deploy many functions, and one with many replicas. On an engine made for it.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Docker from 'dockerode';
import { hostPlatform } from './bun.mjs';
import { ensureExecutable } from './executables.mjs';
import { alternate, fail, folder, launch, mediansOf, progress, ratiosOf, readOptions, residentMib, rounded, runBench, sleep, until } from './measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, step } from './setup.mjs';
import { whyNoLab } from './swarm-lab.mjs';
import { startTestSwarm, WATCHDOG_IMAGE } from './test-swarm.mjs';

const MANY_FUNCTIONS = 200;
const MANY_REPLICAS = 20;
/** Between a scale-down's end and the next measurement. */
const SETTLE_MS = 300;
const PROBE_PAUSE_MS = 2;
const PROBE_TIMEOUT_MS = 100;
const TARGET_RATIO = 1.25;

const HELP = `Usage: npm run bench:swarm -- [options]

  --rounds=N    alternating cold starts of each (default 15)
  --only=WHAT   cold or many (default: both)
  --json        print the numbers as JSON too
  --help        print this text`;

const PARTS = { cold: benchColdStart, many: benchMany };

const options = readOptions({ rounds: { type: 'string', default: '15' }, only: { type: 'string' }, json: { type: 'boolean', default: false } }, HELP);
const rounds = Number(options.rounds);
if (!(rounds >= 1)) fail('--rounds must be a number from 1 on');
const parts = options.only === undefined ? Object.keys(PARTS) : [options.only];
if (!PARTS[parts[0]]) fail(`--only must be one of ${Object.keys(PARTS).join(', ')}`);

const socketPath = process.env.SHOAL_TEST_DOCKER;
const network = process.env.SHOAL_TEST_NETWORK;
if (socketPath === undefined) process.exit(await runInSwarm());

const docker = new Docker({ socketPath });
/** Who waits for the next container of a service, by the service's name; is given the task's id. */
const onStart = new Map();

await runBench(async () => {
  await followEvents();
  const gateway = await startGateway();
  const result = { node: process.version, rounds };
  for (const part of parts) result[part] = await PARTS[part](gateway);
  if (options.json) console.log(JSON.stringify(result, null, 2));
});

/** The addresses of replicas can be reached from a seat on their network alone: this program runs there once more. */
async function runInSwarm() {
  requireNode();
  await ensureInstalled();
  await ensureBuilt();
  const whyNot = whyNoLab() ?? (hostPlatform() ? undefined : 'there is no executable of the watchdog for this machine');
  if (whyNot) fail(`bench:swarm starts a Docker engine of its own: ${whyNot}`);
  let swarm;
  await step('Starting a Docker engine', async () => (swarm = await startTestSwarm(await ensureExecutable())));
  try {
    const [command, ...args] = [...swarm.seat, ...process.argv];
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...swarm.env } });
    return await new Promise((resolve, reject) => child.on('close', (code) => resolve(code ?? 1)).on('error', reject));
  } finally {
    await swarm.end();
  }
}

async function startGateway() {
  const home = mkdtempSync(join(folder, 'home-'));
  const swarm = { SHOAL_PROVIDER: 'swarm', DOCKER_HOST: `unix://${socketPath}`, SHOAL_NETWORK: network };
  const settings = { PATH: process.env.PATH, HOME: home, SHOAL_HOME: home, SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0', basic_auth: 'false', ...swarm };
  const child = launch(process.execPath, [join(root, 'dist/gateway/main.cjs')], settings);
  await until(() => /^ {2}Data/m.test(child.output), 'the gateway');
  return { pid: child.pid, url: /Portal +(http:\/\/[^/]+)/.exec(child.output)[1] };
}

/**
 * From a call of a function that has no replica to its answer; and from the order to run the same task to its first answer,
 * by one who asks the engine itself and calls the container as soon as there is one.
 */
async function benchColdStart({ url }) {
  const envVars = { healthcheck_interval: '100ms' };
  const labels = { 'com.openfaas.scale.min': '0', 'com.openfaas.scale.type': 'alert' };
  await manage(url, 'POST', 'functions', { service: 'cold', image: WATCHDOG_IMAGE, envProcess: 'cat', envVars, labels });
  const { Spec } = await docker.getService('cold').inspect();
  const unlabelled = { ...Spec.TaskTemplate, ContainerSpec: { ...Spec.TaskTemplate.ContainerSpec, Labels: {} } };
  await docker.createService({ ...Spec, Name: 'bare', Labels: {}, TaskTemplate: unlabelled });
  const targets = [
    { name: 'bare engine', start: startBare, stop: () => scaleBare(0), service: 'bare' },
    { name: 'gateway', start: () => callOnce(`${url}/function/cold`), stop: () => scaleByGateway(url, 'cold', 0), service: 'cold' },
  ];
  for (const target of targets) await sampleColdStart(target); // The first one is slower.
  const samples = await alternate(targets, rounds, sampleColdStart, 'cold start');
  await docker.getService('bare').remove();
  await manage(url, 'DELETE', 'functions', { functionName: 'cold' });
  const [table, ratios] = [mediansOf(samples), ratiosOf(samples, 'gateway', 'bare engine', 'ms')];
  if (!options.json) {
    console.log(`\nFrom no replica to the first answer, medians of ${rounds} rounds`);
    console.table(Object.fromEntries(table.map(({ name, ms }) => [name, { ms: rounded(ms) }])));
    console.log(`The gateway's time per the bare engine's, by round: ${ratios.rounds.join('  ')}; median ${ratios.median} (at most ${TARGET_RATIO} is wanted)`);
  }
  return { table, ratios };
}

async function sampleColdStart({ start, stop, service }) {
  const startedMs = performance.now();
  await start();
  const ms = performance.now() - startedMs;
  await stop();
  await until(async () => (await tasksOf(service)).every(({ Status }) => Status.State !== 'running'), `the end of ${service}`);
  await sleep(SETTLE_MS);
  return { ms };
}

async function startBare() {
  const started = new Promise((resolve) => onStart.set('bare', resolve));
  await scaleBare(1);
  const taskId = await started;
  const { NetworksAttachments } = await docker.getTask(taskId).inspect();
  const address = NetworksAttachments.find(({ Network }) => Network.Spec.Name === network).Addresses[0].split('/')[0];
  while (!(await callOnce(`http://${address}:8080/`, PROBE_TIMEOUT_MS).catch(() => false))) await sleep(PROBE_PAUSE_MS);
}

async function scaleBare(replicas) {
  const service = docker.getService('bare');
  const { Spec, Version } = await service.inspect();
  await service.update({ ...Spec, version: Version.Index, Mode: { Replicated: { Replicas: replicas } } });
}

/** The engine tells when a container has started. */
async function followEvents() {
  const stream = await docker.getEvents({ filters: { type: ['container'], event: ['start'] } });
  createInterface({ input: stream }).on('line', (line) => {
    const { Actor } = JSON.parse(line);
    onStart.get(Actor.Attributes['com.docker.swarm.service.name'])?.(Actor.Attributes['com.docker.swarm.task.id']);
  });
}

/** Many functions that sleep, and one with many replicas. */
async function benchMany({ url, pid }) {
  const names = Array.from({ length: MANY_FUNCTIONS }, (_, i) => `sleeper-${i + 1}`);
  const beforeMib = residentMib(pid);
  const deployMs = await timed(async () => {
    for (const [i, service] of names.entries()) {
      await manage(url, 'POST', 'functions', { service, image: WATCHDOG_IMAGE, envProcess: 'cat', labels: { 'com.openfaas.scale.min': '0' } });
      progress(`deployed ${i + 1} of ${names.length}`);
    }
  });
  const listMs = await timed(async () => {
    const functions = await (await fetch(`${url}/system/functions`)).json();
    if (functions.length !== names.length) throw new Error(`${functions.length} functions are listed, not ${names.length}`);
  });
  const wakeMs = await timed(() => callOnce(`${url}/function/${names[0]}`));
  const addedMib = residentMib(pid) - beforeMib;
  const labels = { 'com.openfaas.scale.min': String(MANY_REPLICAS), 'com.openfaas.scale.type': 'alert' };
  const replicasMs = await timed(async () => {
    await manage(url, 'POST', 'functions', { service: 'many', image: WATCHDOG_IMAGE, envProcess: 'cat', labels });
    await until(async () => (await (await fetch(`${url}/system/function/many`)).json()).availableReplicas === MANY_REPLICAS, `${MANY_REPLICAS} replicas`);
  });
  const removeMs = await timed(async () => {
    for (const functionName of [...names, 'many']) await manage(url, 'DELETE', 'functions', { functionName });
  });
  const result = { deployMs, listMs, wakeMs, addedMib, replicasMs, removeMs };
  if (!options.json) {
    console.log(`\n${MANY_FUNCTIONS} functions without replicas, and one with ${MANY_REPLICAS}`);
    console.table({
      [`deploy ${MANY_FUNCTIONS}, one after the other`]: { ms: rounded(deployMs) },
      'list them': { ms: rounded(listMs) },
      'wake one of them': { ms: rounded(wakeMs) },
      [`deploy one with ${MANY_REPLICAS} replicas, until all take calls`]: { ms: rounded(replicasMs) },
      'remove all': { ms: rounded(removeMs) },
    });
    console.log(`The gateway's memory grew by ${addedMib.toFixed(1)} MiB.`);
  }
  return result;
}

async function scaleByGateway(url, serviceName, replicas) {
  await manage(url, 'POST', `scale-function/${serviceName}`, { serviceName, replicas });
}

async function manage(url, method, path, body) {
  const answer = await fetch(`${url}/system/${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path} ${JSON.stringify(body)}: ${answer.status} ${await answer.text()}`);
}

function tasksOf(service) {
  return docker.listTasks({ filters: JSON.stringify({ service: [service] }) });
}

/** On a connection of its own. Rejects when there is no answer, or not the one wanted. */
function callOnce(url, timeoutMs = 0) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent: false, timeout: timeoutMs }, (answer) => {
      answer.resume().on('end', () => (answer.statusCode === 200 ? resolve(true) : reject(new Error(`${url}: ${answer.statusCode}`))));
    });
    asked.on('error', reject).on('timeout', () => asked.destroy(new Error('no answer in time'))).end('hello');
  });
}

async function timed(work) {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
