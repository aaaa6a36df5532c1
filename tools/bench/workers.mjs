// What several processes that share the port make of all cores, beside the gateway in one process.
import { mkdtempSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildGateway } from '../build.mjs';
import { folder, launch, measure, until, wrk } from '../measure.mjs';
import { root } from '../setup.mjs';
import { compare } from './compare.mjs';
import { describe, loadOf, pathOf, startUpstreams } from './hop.mjs';

const WARM_UP_SECONDS = 3;
const ROWS = [
  ...[32, 256].map((connections) => ({ method: 'GET', size: '12 B', connections })),
  { method: 'GET', size: '12 B', connections: 32, close: true },
];

/** All of them share the cores with the load and what answers it: what a second shows is this machine with everything on it. */
export async function benchWorkers({ rounds, seconds }) {
  const program = join(folder, 'many-functions.cjs');
  await buildGateway('test/bench/many-functions.ts', program);
  const { GET: upstream } = await startUpstreams();
  // More than the cores have to share them; fewer than two would be the one process.
  const count = Math.max(2, availableParallelism());
  const targets = [
    { name: 'gateway', ...(await start(program, upstream, count)) },
    { name: 'one process', ...(await start(program, upstream, 1)) },
  ];
  for (const { url } of targets) await wrk(url, { connections: 32, seconds: WARM_UP_SECONDS });
  const results = [];
  for (const row of ROWS) {
    const load = loadOf(row);
    const ready = targets.map((target) => ({ ...target, url: `${target.url}/${pathOf(row)}` }));
    results.push(await compare({ what: `${describe(row)}, ${count} workers`, beside: 'one process' }, ready, rounds, (target) => measure(target, { ...load, seconds })));
  }
  return results;
}

async function start(program, upstream, workers) {
  const home = mkdtempSync(join(folder, 'home-'));
  const env = { PATH: process.env.PATH, HOME: home, SHOAL_HOME: home, SHOAL_QUEUE: 'none', SHOAL_WORKERS: String(workers), NODE_PATH: join(root, 'node_modules') };
  const child = launch(process.execPath, [program, '1', upstream, join(root, 'dist/gateway/data-plane-worker.cjs')], env);
  await until(() => /^\{.*\}$/m.test(child.output), `the gateway with ${workers} workers`);
  return { pid: child.pid, url: `${JSON.parse(/^\{.*\}$/m.exec(child.output)[0]).url}/function/function-0` };
}
