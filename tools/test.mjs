// `npm test`: sets up what the tests need, and runs them, part by part; arguments go to Jest. The specs that need Docker engines
// run in a swarm made for them. `--parts=plain,serial,engine,cluster` says which; by default all but the cluster's.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { getPriority, setPriority, tmpdir } from 'node:os';
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
/** One line after the other; the parts of a line at the same time: with an engine, most of the time is waiting. */
const ORDER = [['plain', 'engine'], ['serial'], ['cluster']];
/** Before an engine, whose tasks are to start in time, the plain specs stand back. */
const GIVING_WAY = 5;
/** How the swarm of a part is started; a part that needs none is missing here. */
const SWARMS = {
  engine: ['Starting a Docker engine', startTestSwarm],
  cluster: ['Starting three Docker engines', startTestCluster],
};

const given = process.argv.slice(2);
const args = given.filter((arg) => !arg.startsWith(OPTION));
const parts = (given.find((arg) => arg.startsWith(OPTION))?.slice(OPTION.length) ?? 'plain,serial,engine').split(',');

const unknown = parts.find((part) => !ORDER.flat().includes(part));
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}": ${ORDER.flat().join(', ')}.`);
  process.exit(2);
}

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
const jests = new Set();
const swarms = new Set();
let interrupted;
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) process.once(signal, () => void stop(signal, code));

let status = 1;
try {
  status = await runParts();
} finally {
  await endSwarms();
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
  // Where there are none at all, Jest says so.
  if (asked.length === 0) return (await run(parts[0])).status;
  let status = 0;
  const lines = ORDER.map((line) => line.filter((part) => asked.includes(part))).filter((line) => line.length > 0);
  for (const line of lines) status = (await runTogether(line)) || status;
  return status;
}

/** The first shows what it does while it does it, the others when they have ended. */
async function runTogether(line) {
  // Specs that are skipped for want of an engine take no place.
  const beside = whyNoEngine ? 0 : line.length - 1;
  const places = new Map();
  for (const part of line) places.set(part, await startSwarm(part));
  const [shown, ...others] = line.map((part, i) => run(part, { ...places.get(part), isShown: i === 0, beside }));
  const { status } = await shown;
  const ends = others.length > 0 ? await step(`Ending the specs of ${line.slice(1).join(', ')}`, () => Promise.all(others)) : [];
  for (const { output } of ends) process.stdout.write(output);
  await endSwarms();
  return [status, ...ends.map((end) => end.status)].find((one) => one !== 0) ?? 0;
}

/** Where no engine can be, the specs that need one are skipped, and say why. */
async function startSwarm(part) {
  const [title, start] = SWARMS[part] ?? [];
  if (!start || whyNoEngine) return {};
  const swarm = await step(title, () => start(env.SHOAL_TEST_WATCHDOG));
  swarms.add(swarm);
  return swarm;
}

async function hasSpecs(part) {
  const child = spawn(process.execPath, [JEST, '--listTests', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...env, SHOAL_TEST_PARTS: part } });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  await ended(child);
  return output.includes('.spec.ts');
}

/** Runs the specs of a part, and adds to `counts`. Resolves with Jest's exit code, and with what it said unless that was shown. */
async function run(part, { seat = [], env: more = {}, isShown = true, beside = 0 } = {}) {
  const file = join(folder, part);
  const [command, ...rest] = [...seat, process.execPath, JEST, ...args];
  const stdio = isShown ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const jest = spawn(command, rest, { cwd: root, stdio, env: { ...env, ...more, SHOAL_TEST_PARTS: part, SHOAL_TEST_BESIDE: String(beside), SHOAL_TEST_COUNTS: file, SHOAL_FAULT_TABLE: faultTable } });
  jests.add(jest);
  if (isShown && beside > 0 && jest.pid) setPriority(jest.pid, Math.max(GIVING_WAY, getPriority()));
  const said = [];
  for (const stream of [jest.stdout, jest.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  const code = await ended(jest).catch((error) => {
    console.error(error.message);
    return 1;
  });
  jests.delete(jest);
  // It is not there when Jest has run nothing, and has said why.
  const own = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  for (const name of Object.keys(counts)) counts[name] += own[name] ?? 0;
  return { status: code ?? 1, output: Buffer.concat(said) };
}

function ended(child) {
  return new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
}

async function endSwarms() {
  await Promise.all([...swarms].map((swarm) => swarm.end()));
  swarms.clear();
}

/** What an engine that is still starting leaves behind, the next run clears away. */
async function stop(signal, code) {
  interrupted = code;
  for (const jest of jests) jest.kill(signal);
  await endSwarms();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
