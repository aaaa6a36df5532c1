// `npm run bench:async`: how many calls a second are accepted durably, and run, beside what the store does by itself in the
// same minute.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { fail, folder, freePort, launch, median as medianOf, readOptions, rounded, runBench, until } from './measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

/** Calls, or writes, that wait for their answer at a time. */
const OUTSTANDING = 64;
const BODY = Buffer.alloc(100, 'x');

const HELP = `Usage: npm run bench:async -- [options]

  --rounds=N      alternating measurements of each (default 5)
  --calls=N       calls, or writes, of one measurement (default 5000)
  --queue=NAME    lmdb or nats; both when left out
  --json          print the numbers as JSON too
  --help          print this text`;

const options = readOptions(
  { rounds: { type: 'string', default: '5' }, calls: { type: 'string', default: '5000' }, queue: { type: 'string' }, json: { type: 'boolean', default: false } },
  HELP,
);
const [rounds, calls] = [Number(options.rounds), Number(options.calls)];
if (!(rounds >= 1 && calls >= 1)) fail('--rounds and --calls must be numbers from 1 on');
if (options.queue && !['lmdb', 'nats'].includes(options.queue)) fail('--queue must be lmdb or nats');

requireNode();
await ensureInstalled();
await ensureBuilt();
await runBench(async () => {
  const results = {};
  for (const name of options.queue ? [options.queue] : ['lmdb', 'nats']) results[name] = await bench(name);
  if (options.json) console.log(JSON.stringify(results, null, 2));
});

async function bench(name) {
  const { raw, env } = name === 'lmdb' ? await rawLmdb() : await rawNats();
  const gateway = await startGateway(env);
  await deploy(gateway.url, 'sink');
  await deploy(gateway.url, 'run');
  const figures = { raw: [], accepted: [], ended: [] };
  for (let round = 0; round <= rounds; round++) {
    const one = {
      raw: await perSecond(raw),
      // A function that takes one call at a time and never ends it leaves all others where they are.
      accepted: await perSecond(() => postAll(gateway.url, '/async-function/sink')),
      ended: await perSecond(async () => {
        await postAll(gateway.url, '/async-function/run');
        await until(async () => isIdle(gateway.url, 'run'), 'the end of all calls');
      }),
    };
    if (round === 0) continue; // To warm up.
    for (const key of Object.keys(figures)) figures[key].push(one[key]);
    process.stderr.write(`${name}, round ${round} of ${rounds}\n`);
  }
  const ratios = (key) => figures[key].map((value, i) => value / figures.raw[i]);
  const result = {
    rawPerSecond: medianOf(figures.raw),
    acceptedPerSecond: medianOf(figures.accepted),
    endedPerSecond: medianOf(figures.ended),
    acceptedPerRaw: rounded(medianOf(ratios('accepted'))),
    endedPerRaw: rounded(medianOf(ratios('ended'))),
  };
  if (!options.json) print(name, result);
  return result;
}

function print(name, { rawPerSecond, acceptedPerSecond, endedPerSecond, acceptedPerRaw, endedPerRaw }) {
  const what = name === 'lmdb' ? 'writes of lmdb itself, each on the disk' : "publishes of JetStream's own client";
  console.log(`\n${name}, medians of ${rounds} rounds of ${calls}, ${OUTSTANDING} at a time`);
  console.table({
    [what]: { 'per second': Math.round(rawPerSecond), ratio: 1 },
    'calls accepted': { 'per second': Math.round(acceptedPerSecond), ratio: acceptedPerRaw },
    'calls accepted, run and recorded': { 'per second': Math.round(endedPerSecond), ratio: endedPerRaw },
  });
}

async function perSecond(work) {
  const startedMs = performance.now();
  await work();
  return (calls * 1_000) / (performance.now() - startedMs);
}

/** Runs `act` for all calls, so many at a time. */
async function forAll(act) {
  let left = calls;
  await Promise.all(
    Array.from({ length: OUTSTANDING }, async () => {
      while (left-- > 0) await act();
    }),
  );
}

async function rawLmdb() {
  const { open } = await import('lmdb');
  const db = open({ path: mkdtempSync(join(folder, 'raw-')), overlappingSync: false, encoding: 'binary' });
  let key = 0;
  return { raw: () => forAll(() => db.put(`key-${key++}`, BODY)), env: {} };
}

async function rawNats() {
  const port = await freePort();
  const server = launch('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', mkdtempSync(join(folder, 'nats-'))]);
  await until(() => server.output.includes('Server is ready'), 'nats-server');
  const { connect } = await import('@nats-io/transport-node');
  const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  await (await jetstreamManager(connection)).streams.add({ name: 'raw', subjects: ['raw'] });
  const js = jetstream(connection);
  return { raw: () => forAll(() => js.publish('raw', BODY)), env: { faas_nats_address: '127.0.0.1', faas_nats_port: String(port) } };
}

async function startGateway(env) {
  const home = mkdtempSync(join(folder, 'home-'));
  for (const [name, code] of [['sink', ''], ['run', 'res.end();']]) {
    mkdirSync(join(home, 'bundles', name), { recursive: true });
    writeFileSync(join(home, 'bundles', name, 'function.yml'), 'command: [node, server.mjs]\nmode: http\n');
    writeFileSync(join(home, 'bundles', name, 'server.mjs'), `import { createServer } from 'node:http';\ncreateServer((req, res) => { ${code} }).listen(process.env.PORT, '127.0.0.1');\n`);
  }
  const settings = { PATH: process.env.PATH, HOME: home, SHOAL_HOME: home, SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0', SHOAL_SAMPLES: 'false', basic_auth: 'false', upstream_timeout: '1h', write_timeout: '1h', ...env };
  const child = launch(process.execPath, [join(root, 'dist/gateway/main.cjs')], settings);
  await until(() => /^ {2}Data/m.test(child.output), 'the gateway');
  return { url: /Portal +(http:\/\/[^/]+)/.exec(child.output)[1] };
}

async function deploy(url, service) {
  const annotations = service === 'sink' ? { 'com.openfaas.async.concurrency': '1' } : {};
  const answer = await fetch(`${url}/system/functions`, { method: 'POST', body: JSON.stringify({ service, image: service, annotations }) });
  if (answer.status !== 202) throw new Error(`deploying ${service}: ${answer.status} ${await answer.text()}`);
  await until(async () => (await (await fetch(`${url}/system/function/${service}`)).json()).availableReplicas >= 1, service);
}

async function postAll(url, path) {
  const agent = new Agent({ keepAlive: true, maxSockets: OUTSTANDING });
  const { hostname, port } = new URL(url);
  await forAll(
    () =>
      new Promise((resolve, reject) => {
        const req = request({ hostname, port, method: 'POST', path, agent, headers: { 'Content-Length': String(BODY.length) } }, (res) => {
          res.resume().on('end', () => (res.statusCode === 202 ? resolve() : reject(new Error(`accepting: ${res.statusCode}`))));
        });
        req.on('error', reject).end(BODY);
      }),
  );
  agent.destroy();
}

async function isIdle(url, service) {
  const depths = await (await fetch(`${url}/system/queue`)).json();
  const depth = depths.find((one) => one.function === `${service}.openfaas-fn`);
  return !depth || depth.queued + depth.unfinished === 0;
}
