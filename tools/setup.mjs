// What has to be there before anything runs: Node, the packages that the lockfile names, and a build of these sources.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const WANTED = [20, 19];
const installStamp = join(root, 'node_modules', '.shoal-installed');
const buildStamp = join(root, 'dist', '.built-from');
/** What a build is made of. */
const SOURCES = ['apps', 'libs', 'templates', 'tools', 'package-lock.json'];

let output = process.stdout;

/** Has steps shown on `stream` instead of standard output. */
export function tellOn(stream) {
  output = stream;
}

/** Ends the process with one sentence when this Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) return;
  fail(`Shoal needs Node ${WANTED.join('.')} or newer; this is ${process.versions.node}.`);
}

/** Installs what the lockfile names, unless that was done before. */
export async function ensureInstalled() {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (existsSync(installStamp) && readFileSync(installStamp, 'utf8') === lock) return;
  await step('Installing packages', () => runNpm(['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']));
  writeFileSync(installStamp, lock);
}

/** Builds, unless nothing has changed since the last build. */
export async function ensureBuilt() {
  const sources = fingerprint();
  if (existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === sources) return;
  // In a process of its own: what a build needs would stay in the memory of whatever is started here.
  await step('Building', () => run(process.execPath, [join(root, 'tools/build.mjs')]));
  writeFileSync(buildStamp, sources);
}

/** Changes when a source changes: by names, sizes and times, because reading all would take longer. */
function fingerprint() {
  const hash = createHash('sha256').update(root);
  const add = (path) => {
    const stat = statSync(join(root, path));
    if (stat.isDirectory()) for (const name of readdirSync(join(root, path)).sort()) add(join(path, name));
    else hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  for (const path of SOURCES) add(path);
  return hash.digest('hex');
}

/** Resolves as `work` does, and shows that it goes on: a dot a second, or on a terminal a counter. */
export async function step(title, work) {
  const startedMs = Date.now();
  const seconds = () => ((Date.now() - startedMs) / 1000).toFixed(1);
  output.write(`${title} ...`);
  const timer = setInterval(() => output.write(output.isTTY ? `\r${title} ... ${seconds()} s` : '.'), 1000);
  let result;
  try {
    result = await work();
  } catch (error) {
    clearInterval(timer);
    output.write('\n');
    fail(`${title} failed: ${error.message}`);
  }
  clearInterval(timer);
  output.write(`${output.isTTY ? `\r${title} ...` : ''} done in ${seconds()} s\n`);
  return result;
}

/** Rejects with what it wrote when it fails. */
export function runNpm(args) {
  // npm says how it was started; else the one on the path.
  const npm = process.env.npm_execpath;
  return npm?.endsWith('.js') ? run(process.execPath, [npm, ...args]) : run('npm', args);
}

/** Rejects with what it wrote when it fails. */
export function run(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' && command === 'npm' });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`it ended with code ${code}\n${output.trim()}`))));
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
