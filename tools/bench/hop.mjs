// What one call costs on its way through the gateway, beside nginx on the same way.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, folder, measure, startNginxFiles, startNginxProxy, wrk } from '../measure.mjs';
import { compare } from './compare.mjs';
import { deploy, startGateway, startHop, startProgram } from './gateways.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = { '12 B': 12, '1 KiB': KIB, '100 KiB': 100 * KIB, '10 MiB': 10 * MIB };
const WARM_UP_SECONDS = 1;
/** Before the first row: what is compiled while many calls come at once is compiled for good, and not always well. */
const FIRST_WARM_UP = { connections: 1, seconds: 3 };
/** Ids of processes that have had it. */
const warm = new Set();

/** The size is the answer's of a GET, and the body's of a POST, whose answer has 12 bytes. */
export const hopRows = [
  ...[1, 32, 256].flatMap((connections) => ['GET', 'POST'].map((method) => ({ method, size: '12 B', connections }))),
  ...['1 KiB', '100 KiB'].flatMap((size) => ['GET', 'POST'].map((method) => ({ method, size, connections: 32 }))),
  // As many as make some 100 a second: with more, what is under way at the end would count much.
  ...['GET', 'POST'].map((method) => ({ method, size: '10 MiB', connections: 4 })),
  ...['GET', 'POST'].map((method) => ({ method, size: '12 B', connections: 32, close: true })),
  { method: 'GET', size: '100 KiB', connections: 32, close: true },
  { method: 'GET', size: '12 B', connections: 256, close: true },
].map((row) => ({ ...row, what: describe(row) }));

const STREAMING_ROWS = [1, 32].map((connections) => ({ method: 'GET', size: '100 pieces of 1 KiB', connections, what: `100 pieces of 1 KiB, ${connections} conn.` }));

export function describe({ method, size, connections, close }) {
  return `${method} ${size}, ${connections} conn.${close ? ', close' : ''}`;
}

/** @param only names of rows; all of them when left out. */
export async function benchHop({ checkouts, rounds, seconds, only }) {
  const rows = hopRows.filter(({ what }) => !only || only.includes(what));
  const targets = {};
  // A body is passed on while it comes, as the gateway does; in files, which is nginx's own way, it would cost nginx more than twice.
  for (const [method, url] of Object.entries(await startUpstreams())) targets[method] = await startTargets(checkouts, url, 'proxy_request_buffering off;');
  const results = [];
  for (const row of rows) results.push(await benchRow(row, targets[row.method], { rounds, seconds }));
  if (!only) results.push(...(await benchWhole({ checkouts, rounds, seconds }, targets.GET)));
  return results;
}

/** Answers that come in pieces, each of which is passed on when it comes. */
export async function benchStreaming({ checkouts, rounds, seconds }) {
  const targets = await startTargets(checkouts, (await startOwnUpstream()).url, 'proxy_buffering off;');
  const results = [];
  for (const row of STREAMING_ROWS) results.push(await benchRow(row, targets, { rounds, seconds }));
  return results;
}

/** What stands behind the proxies: URLs by method. */
export async function startUpstreams() {
  const files = Object.fromEntries(Object.values(SIZES).map((bytes) => [bytes, Buffer.alloc(bytes, 'x')]));
  return { GET: `http://127.0.0.1:${(await startNginxFiles(files)).port}`, POST: (await startOwnUpstream()).url };
}

async function startOwnUpstream() {
  const { upstream } = await bundle(['upstream']);
  return startProgram([upstream]);
}

async function startTargets(checkouts, upstreamUrl, nginxSettings) {
  const targets = [];
  for (const { name, checkout } of checkouts) targets.push({ name, ...(await startHop(checkout, upstreamUrl)) });
  const nginx = await startNginxProxy(new URL(upstreamUrl).port, nginxSettings);
  return [...targets, { ...nginx, upstreamUrl, url: nginx.url.slice(0, -1) }];
}

async function benchRow(row, targets, { rounds, seconds }) {
  const load = loadOf(row);
  const ready = targets.map((target) => ({ ...target, url: `${target.url}/${pathOf(row)}` }));
  await warmUp(ready.slice(0, -1), load);
  return compare({ what: row.what, beside: 'nginx' }, ready, rounds, (target) => measure(target, { ...load, seconds }));
}

/** With everything that is between a call and a function of this machine; and the least that the libraries alone can do. */
async function benchWhole({ checkouts, rounds, seconds }, hopTargets) {
  const programs = await bundle(['bare-relay', 'http-function']);
  const nginx = hopTargets.at(-1);
  const whole = [];
  for (const { name, checkout } of checkouts) {
    const { pid, url } = await startGateway(checkout);
    await deploy(url, 'bench', { envProcess: `${process.execPath} ${programs['http-function']}`, envVars: { mode: 'http' } });
    whole.push({ name, pid, url: `${url}/function/bench` });
  }
  const relay = await startProgram([programs['bare-relay'], nginx.upstreamUrl]);
  const row = { method: 'GET', size: '12 B', connections: 32 };
  return [
    await benchRow({ ...row, what: `${describe(row)}, to a function of this machine` }, [...whole, nginx], { rounds, seconds }),
    await benchRow({ ...row, what: `${describe(row)}, bare relay of node:http and undici` }, [{ ...relay, name: 'gateway' }, nginx], { rounds, seconds }),
  ];
}

async function warmUp(targets, load) {
  for (const target of targets) {
    if (!warm.has(target.pid)) await wrk(target.url, { ...load, ...FIRST_WARM_UP });
    warm.add(target.pid);
    await wrk(target.url, { ...load, seconds: WARM_UP_SECONDS });
  }
}

export function pathOf({ method, size }) {
  return method === 'GET' && SIZES[size] > 12 ? SIZES[size] : '';
}

/** As `wrk` takes it: all but how long. */
export function loadOf({ method, size, connections, close }) {
  const file = join(folder, `${method}-${SIZES[size] ?? 'pieces'}-${close ? 'close' : 'kept'}.lua`);
  const body = method === 'POST' ? `wrk.method = "POST"\nwrk.body = string.rep("x", ${SIZES[size]})\n` : '';
  writeFileSync(file, `${body}${close ? 'wrk.headers["Connection"] = "close"\n' : ''}`);
  return { connections, script: file };
}
