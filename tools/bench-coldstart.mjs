// `npm run bench:coldstart`: the first call to a sleeping function, beside the bare start of the same command.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { alternate, end, fail, folder, freePort, launch, readOptions, rounded, runBench, until } from './measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const POLL_MS = 1;
const SERVER = "require('node:http').createServer((_req, res) => res.end('ok')).listen(process.env.PORT, '127.0.0.1');";
let exceeded = false;
/** What a first call may take at most: the bare start times this, and so many milliseconds. */
const ALLOWED = { factor: 1.3, moreMs: 10 };

const HELP = `Usage: npm run bench:coldstart -- [options]

  --calls=N   first calls of each kind, alternating with bare starts (default 50)
  --json      print the numbers as JSON too
  --help      print this text`;

const options = readOptions({ calls: { type: 'string', default: '50' }, json: { type: 'boolean', default: false } }, HELP);
const calls = Number(options.calls);
if (!(Number.isInteger(calls) && calls >= 1)) fail('--calls must be a whole number from 1 on');

requireNode();
await ensureInstalled();
await ensureBuilt();

await runBench(async () => {
  const gateway = await startGateway();
  await deploy(gateway, { service: 'classic', image: 'classic', envProcess: 'cat' });
  await deploy(gateway, { service: 'server', image: 'server' });
  const kinds = [
    ['classic: cat', { name: 'bare start', run: bareCat }, { name: 'first call', run: () => firstCall(gateway, 'classic') }],
    ['http: a server on Node', { name: 'bare start', run: bareServer }, { name: 'first call', run: () => firstCall(gateway, 'server') }],
  ];
  const result = {};
  for (const [title, bare, first] of kinds) result[title] = await compare(title, bare, first);
  await end(gateway);
  if (exceeded) throw new Error('A first call took longer than it may.');
  if (options.json) console.log(JSON.stringify(result, null, 2));
});

async function compare(title, bare, first) {
  const sample = async ({ run }) => ({ ms: await run() });
  const samples = await alternate([bare, first], calls, sample, title);
  const of = (name) => samples.get(name).map(({ ms }) => ms).sort((a, b) => a - b);
  const row = (name) => ({ 'p50 ms': rounded(quantile(of(name), 0.5)), 'p95 ms': rounded(quantile(of(name), 0.95)) });
  const rows = { [bare.name]: row(bare.name), [first.name]: row(first.name) };
  const allowedMs = (field) => rows[bare.name][field] * ALLOWED.factor + ALLOWED.moreMs;
  console.log(`\n${title}, ${calls} of each`);
  console.table(rows);
  for (const field of ['p50 ms', 'p95 ms']) {
    const [got, allowed] = [rows[first.name][field], rounded(allowedMs(field))];
    exceeded ||= got > allowed;
    console.log(`${field}: ${got} of ${allowed} allowed (${ALLOWED.factor} × bare + ${ALLOWED.moreMs} ms): ${got <= allowed ? 'kept' : 'EXCEEDED'}`);
  }
  return rows;
}

function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)];
}

async function startGateway() {
  const bundle = join(folder, 'bundles/server');
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, 'function.yml'), 'command: [node, server.cjs]\nmode: http\n');
  writeFileSync(join(bundle, 'server.cjs'), SERVER);
  const port = String(await freePort());
  const env = { ...process.env, SHOAL_HOME: join(folder, 'home'), SHOAL_BUNDLES: join(folder, 'bundles'), SHOAL_PORT: port, SHOAL_METRICS_PORT: '0', SHOAL_SAMPLES: 'false', basic_auth: 'false' };
  const gateway = launch(process.execPath, [join(root, 'dist/gateway/main.cjs')], env);
  gateway.port = port;
  await until(() => ask(gateway, 'GET', '/healthz').then(({ status }) => status === 200, () => false), 'the gateway');
  return gateway;
}

async function deploy(gateway, deployment) {
  const { status, text } = await ask(gateway, 'POST', '/system/functions', JSON.stringify(deployment));
  if (status !== 202) throw new Error(`${deployment.service} was not deployed: ${text}`);
}

/** From the call to its whole answer, of a function that has no replica. */
async function firstCall(gateway, name) {
  await ask(gateway, 'POST', `/system/scale-function/${name}`, '{"replicas":0}');
  await until(async () => JSON.parse((await ask(gateway, 'GET', `/system/function/${name}`)).text).availableReplicas === 0, `the end of ${name}`, POLL_MS);
  // The process that was there has to be gone, not only its place in the list.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const startedMs = performance.now();
  const { status, text } = await ask(gateway, 'POST', `/function/${name}`, 'ok');
  const ms = performance.now() - startedMs;
  if (status !== 200 || text !== 'ok') throw new Error(`${name} answered ${status}: ${text}`);
  return ms;
}

function ask({ port }, method, path, body) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve({ status: answer.statusCode, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** From the spawn of the process to the end of its output. */
function bareCat() {
  const startedMs = performance.now();
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end('ok');
  return new Promise((resolve, reject) => {
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', () => resolve(performance.now() - startedMs));
  });
}

/** From the spawn of the process to the first connection that it accepts. */
async function bareServer() {
  const port = await freePort();
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(folder, 'bundles/server/server.cjs')], { env: { ...process.env, PORT: String(port) }, stdio: 'ignore' });
  await until(() => accepts(port), 'the bare server', POLL_MS);
  const ms = performance.now() - startedMs;
  child.kill();
  await new Promise((resolve) => child.once('exit', resolve));
  return ms;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
