// What functions cost that nobody calls: the list of them, and memory, of a gateway without any and of each.
import { bundle, end, freePort, launch, measure, progress, residentMib, sleep, startNginxFiles, tree, until, wrk } from '../measure.mjs';
import { compare } from './compare.mjs';
import { deploy, startGateway } from './gateways.mjs';
import { heapBytes } from './heap.mjs';

const [FEW, MANY] = [10, 2_000];
const LIST = '/system/functions';
const CONNECTIONS = 1;
const WARM_UP_SECONDS = 2;
const MIB = 1024 * 1024;
/** Memory counts as settled when it has changed by less from one look to the next. */
const STEADY_BYTES = MIB / 2;
const MOST_LOOKS = 30;
const LOOK_MS = 1_000;

/** Beside nginx, which sends the same bytes from a file. */
export async function benchList({ checkouts, rounds, seconds }) {
  const results = [];
  for (const count of [FEW, MANY]) {
    const gateways = [];
    for (const { name, checkout } of checkouts) {
      const { child, pid, url } = await startGateway(checkout);
      await deployMany(url, count);
      gateways.push({ name, child, pid, url: `${url}${LIST}` });
    }
    const bytes = Buffer.from(await (await fetch(gateways[0].url)).arrayBuffer());
    const nginx = await startNginxFiles({ [`list-${count}`]: bytes });
    const targets = [...gateways, { name: 'nginx', pid: nginx.pid, url: `http://127.0.0.1:${nginx.port}/list-${count}` }];
    for (const { url } of gateways) await wrk(url, { connections: CONNECTIONS, seconds: WARM_UP_SECONDS });
    const row = { what: `list ${count.toLocaleString('en-US')} functions (${Math.ceil(bytes.length / 1024)} KiB)`, beside: 'nginx, a file' };
    results.push(await compare(row, targets, rounds, (target) => measure(target, { connections: CONNECTIONS, seconds })));
    for (const { child } of gateways) await end(child);
  }
  return results;
}

/** Resident memory of all processes when nothing happens, and what each of many functions adds to it and to the gateway's heap. */
export async function benchMemory({ checkouts }) {
  const idle = {};
  const added = {};
  const heap = {};
  for (const { name, checkout } of checkouts) {
    const { child, url } = await startGateway(checkout, { nodeOptions: ['--inspect-port=0'] });
    const idleBytes = await settledBytes(child.pid);
    const heapBefore = await heapBytes(child);
    await deployMany(url, MANY);
    idle[name] = { bytes: idleBytes };
    heap[name] = { bytes: ((await heapBytes(child)) - heapBefore) / MANY };
    added[name] = { bytes: ((await settledBytes(child.pid)) - idleBytes) / MANY };
    await end(child);
  }
  const bare = await bareBytes();
  const times = Object.fromEntries(Object.entries(idle).map(([name, { bytes }]) => [name, { median: bytes / bare }]));
  return [
    { what: 'idle, without functions, resident', beside: 'bare node:http server', cost: 'bytes', figures: { ...idle, beside: { bytes: bare } }, times },
    { what: `each of ${MANY.toLocaleString('en-US')} functions, resident`, beside: '', cost: 'bytes', figures: added, times: {} },
    { what: 'the same, on the heap of the gateway', beside: '', cost: 'bytes', figures: heap, times: {} },
  ];
}

async function bareBytes() {
  const { 'http-function': program } = await bundle(['http-function']);
  const port = await freePort();
  const child = launch(process.execPath, [program], { PORT: String(port) });
  await until(() => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false), 'a bare server');
  const bytes = await settledBytes(child.pid);
  await end(child);
  return bytes;
}

async function deployMany(url, count) {
  for (let i = 0; i < count; i++) {
    await deploy(url, `function-${i}`, { envProcess: 'cat' });
    if (i % 100 === 0) progress(`deploying functions, ${i} of ${count}`);
  }
}

async function settledBytes(pid) {
  for (let before = 0, looks = 0; ; looks++) {
    const bytes = tree(pid).reduce((sum, one) => sum + residentMib(one) * MIB, 0);
    if (Math.abs(bytes - before) < STEADY_BYTES || looks === MOST_LOOKS) return bytes;
    before = bytes;
    await sleep(LOOK_MS);
  }
}
