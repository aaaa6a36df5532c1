// `npm test`: sets up what the tests need, and runs them, one part after the other; arguments go to Jest. The specs that need
// Docker engines run in a swarm made for them. `--parts=plain,serial,engine,cluster` says which; by default all but the cluster's.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBun, hasBun, hostPlatform } from './bun.mjs';
import { ensureExecutable } from './executables.mjs';
import { ensureBuns, hostProcessor } from './image-files.mjs';
import { printFaultTable } from './fault-table.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, step } from './setup.mjs';
import { whyNoLab } from './swarm-lab.mjs';
import { startTestCluster, startTestSwarm } from './test-swarm.mjs';

const JEST = join(root, 'node_modules/jest/bin/jest.js');
const OPTION = '--parts=';
/** How the swarm of a part is started; a part that needs none is missing here. */
const SWARMS = {
  engine: ['Starting a Docker engine', startTestSwarm],
  cluster: ['Starting three Docker engines', startTestCluster],
};

const given = process.argv.slice(2);
const args = given.filter((arg) => !arg.startsWith(OPTION));
const parts = (given.find((arg) => arg.startsWith(OPTION))?.slice(OPTION.length) ?? 'plain,serial,engine').split(',');

requireNode();
await ensureInstalled();
await ensureBuilt();
const bun = await setUpBun();
const whyNoEngine = whyNoLab() ?? (bun.SHOAL_TEST_WATCHDOG ? undefined : 'there is no executable of the watchdog for this machine');
const env = { ...process.env, ...bun, ...(whyNoEngine && { SHOAL_TEST_NO_ENGINE: whyNoEngine }) };

const folder = mkdtempSync(join(tmpdir(), 'shoal-counts-'));
/** Rows that specs under test/faults add. */
const faultTable = join(folder, 'faults');
const counts = { passed: 0, failed: 0, skipped: 0 };
/** What is running now. */
let jest;
let swarm;
let interrupted;
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) process.once(signal, () => void stop(signal, code));

let status = 1;
try {
  status = await runParts();
} finally {
  await endSwarm();
  printFaultTable(faultTable);
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(interrupted ?? status);

/** The watchdog is tested as an executable too, where there can be one; elsewhere these tests do not exist. */
async function setUpBun() {
  const platform = hostPlatform();
  if (!platform) return {};
  if (!hasBun(platform)) await step('Fetching Bun, which makes executables', () => ensureBun(platform));
  // What images are made of, too: they are built where there is no network.
  if (hostProcessor) await ensureBuns([hostProcessor]);
  return { SHOAL_TEST_BUN: await ensureBun(platform), SHOAL_TEST_WATCHDOG: await ensureExecutable() };
}

/** Only the parts in which there are specs among those asked for: an engine takes seconds to start. */
async function runParts() {
  const asked = [];
  for (const part of parts) if (await hasSpecs(part)) asked.push(part);
  let status = 0;
  // Where there are none at all, Jest says so.
  for (const part of asked.length > 0 ? asked : parts.slice(0, 1)) status = (await runPart(part)) || status;
  return status;
}

async function runPart(part) {
  const [title, start] = SWARMS[part] ?? [];
  // Where no engine can be, the specs that need one are skipped, and say why.
  if (start && !whyNoEngine) await step(title, async () => (swarm = await start(env.SHOAL_TEST_WATCHDOG)));
  const status = await run(part, swarm);
  await endSwarm();
  return status;
}

async function hasSpecs(part) {
  const child = spawn(process.execPath, [JEST, '--listTests', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...env, SHOAL_TEST_PARTS: part } });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  await ended(child);
  return output.includes('.spec.ts');
}

/** Runs specs, and adds to `counts`. Resolves with Jest's exit code. */
async function run(which, where = { seat: [], env: {} }) {
  const file = join(folder, which);
  const [command, ...rest] = [...where.seat, process.execPath, JEST, ...args];
  jest = spawn(command, rest, { cwd: root, stdio: 'inherit', env: { ...env, ...where.env, SHOAL_TEST_PARTS: which, SHOAL_TEST_COUNTS: file, SHOAL_FAULT_TABLE: faultTable } });
  const code = await ended(jest);
  // It is not there when Jest has run nothing, and has said why.
  const own = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  for (const name of Object.keys(counts)) counts[name] += own[name] ?? 0;
  return code ?? 1;
}

function ended(child) {
  return new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
}

async function endSwarm() {
  await swarm?.end();
  swarm = undefined;
}

/** What an engine that is still starting leaves behind, the next run clears away. */
async function stop(signal, code) {
  interrupted = code;
  jest?.kill(signal);
  await endSwarm();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
