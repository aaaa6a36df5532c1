// `npm run bench:proxy`: what one call costs on its way through the gateway, beside nginx in the same run.
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate, bundle, fail, folder, launch, measure, mediansOf, ratiosOf, readOptions, requirePrograms, residentMib, rounded, runBench, sleep, startNginxProxy, startUpstream, tree, until, wrk } from './measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const CONNECTIONS = [1, 32];
const WARM_UP_SECONDS = 2;
const ADDED_FUNCTIONS = 180;

const HELP = `Usage: npm run bench:proxy -- [options]

  --rounds=N      alternating measurements of each (default 5)
  --seconds=N     length of each measurement (default 3)
  --json          print the numbers as JSON too
  --profile=DIR   write a CPU profile of the one-hop gateway there
  --no-memory     skip the memory figures
  --help          print this text`;

const options = readOptions(
  {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    'no-memory': { type: 'boolean', default: false },
  },
  HELP,
);
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
if (!(rounds >= 1 && seconds >= 1)) fail('--rounds and --seconds must be numbers from 1 on');

requireNode();
requirePrograms('bench:proxy');
await ensureInstalled();
await ensureBuilt();
await runBench(async () => {
  const result = { node: process.version, rounds, seconds, proxy: await benchProxies(), ...(options['no-memory'] ? {} : { memory: await measureMemory() }) };
  if (options.json) console.log(JSON.stringify(result, null, 2));
});

async function benchProxies() {
  const targets = await startTargets();
  for (const { url } of targets) await wrk(url, { connections: CONNECTIONS.at(-1), seconds: WARM_UP_SECONDS });
  const results = [];
  for (const connections of CONNECTIONS) {
    const samples = await alternate(targets, rounds, (target) => measure(target, { connections, seconds }), `${connections} connection(s)`);
    const [table, gatewayPerNginx] = [mediansOf(samples), ratiosOf(samples, 'gateway', 'nginx', 'cpuUs')];
    print(connections, table, gatewayPerNginx);
    results.push({ connections, table, gatewayPerNginx });
  }
  return results;
}

/** All in front of the same upstream, save the last, which has a function of its own. */
async function startTargets() {
  const programs = await bundle(['bench-gateway', 'bare-relay', 'http-function']);
  const upstreamPort = await startUpstream();
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const nginx = await startNginxProxy(upstreamPort);
  if (options.profile) mkdirSync(options.profile, { recursive: true });
  const profiling = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
  const gateway = await startProgram([...profiling, programs['bench-gateway'], upstream]);
  const relay = await startProgram([programs['bare-relay'], upstream]);
  const whole = await startGateway({ SHOAL_SAMPLES: 'false' });
  await deploy(whole.url, 'bench', { envProcess: `${process.execPath} ${programs['http-function']}`, envVars: { mode: 'http' } });
  return [
    nginx,
    { name: 'gateway', pid: gateway.pid, url: `http://127.0.0.1:${gateway.port}/function/bench` },
    { name: 'bare node:http + undici relay', pid: relay.pid, url: `http://127.0.0.1:${relay.port}/` },
    { name: 'gateway + host + http function', pid: whole.pid, url: `${whole.url}/function/bench` },
  ];
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

function print(connections, table, ratios) {
  if (options.json) return;
  const nginx = table.find(({ name }) => name === 'nginx');
  console.log(`\n${connections} connection(s), medians of ${rounds} rounds of ${seconds} s`);
  console.table(
    Object.fromEntries(
      table.map(({ name, perSecond, p50Us, p99Us, cpuUs: cpu }) => [
        name,
        { 'requests/s': Math.round(perSecond), 'p50 µs': Math.round(p50Us), 'p99 µs': Math.round(p99Us), 'CPU µs/request': rounded(cpu), 'CPU × nginx': rounded(cpu / nginx.cpuUs) },
      ]),
    ),
  );
  console.log(`CPU of the gateway per nginx's, by round: ${ratios.rounds.join('  ')}; median ${ratios.median}`);
}
