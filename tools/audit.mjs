// `npm run audit`: whether the packages that we depend on keep to tools/audit.json. Only the advisories need the network.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup.mjs';

const HELP = `npm run audit [-- OPTIONS]

Licences, install scripts, sources, checksums, deprecations and known vulnerabilities of all packages, against tools/audit.json.
Ends with 0 when all is well, with 1 when something is not, with 2 when it could not find out.

  --advisories=WHEN  required (default): without the registry's advisories it ends with 2; if-possible: it says so and goes on;
                     never: nobody is asked, and it says so
  --root=FOLDER      of another project with package.json, package-lock.json and tools/audit.json`;

const { values } = parseArgs({ options: { help: { type: 'boolean' }, advisories: { type: 'string', default: 'required' }, root: { type: 'string', default: root } } });
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (!['required', 'if-possible', 'never'].includes(values.advisories)) throw new Error(`--advisories=${values.advisories} is none of required, if-possible, never`);
const folder = resolve(values.root);
const readJson = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const policy = readJson('tools/audit.json');
const manifest = readJson('package.json');
const packages = Object.entries(readJson('package-lock.json').packages)
  .filter(([path, entry]) => path !== '' && !entry.link)
  .map(([path, entry]) => ({ ...entry, path, name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length) }));

const problems = [...policyProblems(), ...packages.flatMap(packageProblems), ...rangeProblems(), ...staleEntries()];
const advisories = fetchAdvisories();
if (advisories.list) problems.push(...advisoryProblems(advisories.list));

for (const problem of problems) console.error(problem);
const what = `${packages.length} packages: licences, install scripts, sources, checksums, deprecations`;
console.log(`${what}; ${advisories.list ? `${advisories.list.length} advisories` : `ADVISORIES NOT CHECKED: ${advisories.problem}`}`);
if (problems.length > 0) process.exitCode = 1;
else if (!advisories.list && values.advisories === 'required') process.exitCode = 2;

/** An exception without a reason, or one without an end, is none. */
function policyProblems() {
  const unexplained = [policy.licencesOfTools, policy.installScripts, policy.deprecated].flatMap((list) => Object.entries(list).filter(([, reason]) => !reason).map(([name]) => name));
  const accepted = policy.advisories.filter(({ id, reason, until }) => !id || !reason || !/^\d{4}-\d\d-\d\d$/.test(until ?? '')).map(({ id }) => id ?? 'one without id');
  return [...unexplained.map((name) => `tools/audit.json: ${name} needs a reason`), ...accepted.map((id) => `tools/audit.json: advisory ${id} needs id, reason and until (YYYY-MM-DD)`)];
}

function packageProblems(entry) {
  const { name, version, dev, integrity, inBundle, resolved } = entry;
  const at = `${name}@${version}`;
  const problems = [];
  const licence = entry.license ?? policy.licencesOf[name];
  if (!isAllowed(licence, dev)) problems.push(`${at}: licence ${licence ?? 'unknown'} is not in the policy${dev ? '' : ' of what we deliver'}`);
  if (runsOnInstall(entry) && !(name in policy.installScripts)) problems.push(`${at}: has an install script that nobody has looked at`);
  if (!inBundle && !/^sha(512|384|256)-/.test(integrity ?? '')) problems.push(`${at}: package-lock.json has no checksum of it`);
  if (resolved !== undefined && !/^https:\/\/registry\.npmjs\.org\/.+\.tgz$/.test(resolved)) problems.push(`${at}: comes from ${resolved}, not from registry.npmjs.org`);
  if (entry.deprecated && !(name in policy.deprecated)) problems.push(`${at}: is deprecated: ${entry.deprecated}`);
  return problems;
}

/** An SPDX expression: one of an `OR`, all of an `AND`; where both are in it, all, since what brackets mean is not worked out. */
function isAllowed(expression, dev) {
  if (!expression) return false;
  const allows = (licence) => policy.licences.includes(licence) || (dev && licence in policy.licencesOfTools);
  const words = expression.replace(/[()]/g, ' ').trim();
  const licences = words.split(/\s+(?:OR|AND)\s+/);
  return /\sOR\s/.test(words) && !/\sAND\s/.test(words) ? licences.some(allows) : licences.every(allows);
}

/** As the lockfile has it, and where the package is installed as it says itself. */
function runsOnInstall({ path, hasInstallScript }) {
  const file = join(folder, path, 'package.json');
  const scripts = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).scripts ?? {}) : {};
  return hasInstallScript || ['preinstall', 'install', 'postinstall'].some((name) => name in scripts) || existsSync(join(folder, path, 'binding.gyp'));
}

/** One exact version each: nothing is to change by itself, and nothing to come from Git or a URL. */
function rangeProblems() {
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies });
  return wanted.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)).map(([name, version]) => `package.json: ${name} must name one version, not ${version}`);
}

/** What the policy has of packages that are gone: it would let them in again. */
function staleEntries() {
  const names = new Set(packages.map(({ name }) => name));
  return [policy.licencesOf, policy.installScripts, policy.deprecated].flatMap((list) => Object.keys(list).filter((name) => !names.has(name))).map((name) => `tools/audit.json: there is no package ${name} any more`);
}

/** Of the registry that npm uses. `list` is missing when it gave none, and `problem` says why. */
function fetchAdvisories() {
  if (values.advisories === 'never') return { problem: 'nobody was asked' };
  const { stdout, error } = spawnSync('npm', ['audit', '--json', '--audit=true'], { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 120_000 });
  if (error) return { problem: error.message };
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    return { problem: 'npm audit gave no JSON' };
  }
  if (!report.vulnerabilities) return { problem: report.message ?? report.error?.summary ?? 'npm audit gave no list' };
  const found = Object.values(report.vulnerabilities).flatMap(({ via }) => via.filter((one) => typeof one === 'object'));
  const byId = new Map(found.map(({ url, name, title, severity }) => [`${url.split('/').pop()} ${name}`, { id: url.split('/').pop(), name, title, severity }]));
  return { list: [...byId.values()] };
}

function advisoryProblems(found) {
  const today = new Date().toISOString().slice(0, 10);
  const problems = found.flatMap(({ id, name, title, severity }) => {
    const accepted = policy.advisories.find((one) => one.id === id);
    if (!accepted) return [`${name}: ${id} (${severity}): ${title}`];
    return accepted.until < today ? [`${name}: ${id} (${severity}) was accepted until ${accepted.until}: ${title}`] : [];
  });
  const gone = policy.advisories.filter(({ id }) => !found.some((one) => one.id === id));
  return [...problems, ...gone.map(({ id }) => `tools/audit.json: advisory ${id} is of no package any more`)];
}
