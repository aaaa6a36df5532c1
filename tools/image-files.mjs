// What the Dockerfiles of deploy/docker copy from dist/, besides the build itself.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensureBun, hasBun, hostPlatform } from './bun.mjs';
import { buildExecutable } from './executables.mjs';
import { cacheFolder, ensurePackage } from './pinned-package.mjs';
import { root, step } from './setup.mjs';

const samplesFolder = join(root, 'functions');

/** The sample functions. */
export const samples = readdirSync(samplesFolder).filter((name) => existsSync(join(samplesFolder, name, 'function.yml')));

/** The watchdog's executables for each processor, by their names in the image; for `arm`, as Docker calls it, there are none. */
const EXECUTABLES = {
  amd64: { fwatchdog: 'linux-x64', 'fwatchdog-musl': 'linux-x64-musl' },
  arm64: { fwatchdog: 'linux-arm64', 'fwatchdog-musl': 'linux-arm64-musl' },
  arm: {},
};

/** What Node calls them. */
const NODE_PROCESSORS = { amd64: 'x64', arm64: 'arm64', arm: 'arm' };

/** Docker's names of the processors that there can be images for. */
export const processors = Object.keys(EXECUTABLES);

/** Docker's name of this machine's; `undefined` when there are no images for it. */
export const hostProcessor = Object.keys(NODE_PROCESSORS).find((name) => NODE_PROCESSORS[name] === process.arch);

/** Resolves with a sample's command, mode and `Content-Type`; the latter two are empty when its `function.yml` does not say. */
export async function readSample(name) {
  const { parse } = await import('yaml');
  const { command, mode = '', environment = {} } = parse(readFileSync(join(samplesFolder, name, 'function.yml'), 'utf8'));
  const { content_type: contentType = '', ...others } = environment;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Error(`functions/${name}/function.yml sets ${unknown}, but functions.Dockerfile has no argument for it.`);
  return { command: [command].flat().join(' '), mode, contentType };
}

/** Makes `dist/functions`: the samples' folders, with each script as one file that needs no packages. */
export async function packSamples() {
  const { build } = await import('esbuild');
  const folder = join(root, 'dist/functions');
  rmSync(folder, { recursive: true, force: true });
  cpSync(samplesFolder, folder, { recursive: true, filter: (path) => basename(path) !== 'README.md' });
  const entryPoints = samples.flatMap((name) => readdirSync(join(samplesFolder, name)).filter((file) => file.endsWith('.mjs')).map((file) => join(samplesFolder, name, file)));
  await build({ entryPoints, outbase: samplesFolder, outdir: folder, outExtension: { '.js': '.mjs' }, bundle: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'warning' });
}

/** Makes `dist/watchdog/image`, with a folder for each of `wanted`, which are among `processors`. */
export async function packWatchdog(wanted) {
  const folder = join(root, 'dist/watchdog/image');
  await ensureBuns(wanted);
  rmSync(folder, { recursive: true, force: true });
  for (const processor of wanted) {
    mkdirSync(join(folder, processor), { recursive: true });
    for (const [name, platform] of Object.entries(EXECUTABLES[processor])) {
      await step(`Building the watchdog for ${platform}`, () => buildExecutable(platform, join(folder, processor, name)));
    }
    addScript(join(folder, processor));
  }
}

/**
 * Makes `dist/modules`, with a `node_modules` for each of `wanted`: the library of the queue in the data directory, which is
 * native and therefore no part of the gateway's one file.
 */
export async function packModules(wanted) {
  const { build } = await import('esbuild');
  const folder = join(root, 'dist/modules');
  rmSync(folder, { recursive: true, force: true });
  for (const processor of wanted) {
    const native = `@lmdb/lmdb-linux-${NODE_PROCESSORS[processor]}`;
    const modules = join(folder, processor, 'node_modules');
    // It finds the native part by its own name and place.
    await build({ entryPoints: [join(root, 'node_modules/lmdb/dist/index.cjs')], outfile: join(modules, 'lmdb/dist/index.cjs'), bundle: true, platform: 'node', target: 'node20', format: 'cjs', minifyWhitespace: true, logLevel: 'error' });
    for (const file of ['package.json', 'LICENSE']) cpSync(join(root, 'node_modules/lmdb', file), join(modules, 'lmdb', file));
    const source = await nativePackage(native);
    for (const file of ['package.json', 'index.js', 'node.napi.glibc.node']) cpSync(join(source, file), join(modules, native, file));
  }
}

/** The folder of one that npm installs, or, of another platform than ours, does not. */
async function nativePackage(name) {
  const installed = join(root, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const { version, integrity } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages[`node_modules/${name}`];
  const folder = join(cacheFolder, `${name.replace('/', '-')}-${version}`);
  if (!existsSync(folder)) await step(`Fetching ${name}`, () => ensurePackage({ name, version, integrity }, folder));
  return folder;
}

/** Fetches what `packWatchdog(wanted)` needs, which then does without a network. */
export async function ensureBuns(wanted) {
  const platforms = wanted.flatMap((processor) => Object.values(EXECUTABLES[processor]));
  if (platforms.length === 0) return;
  const host = hostPlatform();
  if (!host) throw new Error(`Bun does not run on ${process.platform} ${process.arch}, so that the watchdog's executables cannot be built here.`);
  for (const platform of new Set([host, ...platforms])) {
    if (!hasBun(platform)) await step(`Fetching Bun for ${platform}`, () => ensureBun(platform));
  }
}

/** The watchdog for plain Node; it takes the executable's place where there is none. */
function addScript(folder) {
  const script = `#!/usr/bin/env node\n${readFileSync(join(root, 'dist/watchdog/main.cjs'), 'utf8')}`;
  writeFileSync(join(folder, 'fwatchdog-node'), script);
  if (!existsSync(join(folder, 'fwatchdog'))) writeFileSync(join(folder, 'fwatchdog'), script);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o755);
}
