// `npm run build:images`: the container images of the gateway, of the watchdog and of the sample functions.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packModules, packSamples, packWatchdog, processors, readSample, samples } from './image-files.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, run, step } from './setup.mjs';

const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];
const images = ['gateway', 'watchdog', ...samples];
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const defaults = {
  only: images.join(','),
  tag: version,
  prefix: 'shoal/',
  'node-image': 'node:22-bookworm-slim',
  'base-image': 'debian:bookworm-slim',
};

const HELP = `Usage: npm run build:images -- [options]

Builds container images: in the Docker engine, for its own processor, or in a registry, for several.

  --only=A,B       only these of gateway, watchdog,
                   ${samples.join(', ')};
                   the watchdog comes with any function, which needs it
  --prefix=P       comes before their names; ${defaults.prefix}
  --tag=T          comes after them; ${defaults.tag}
  --node-image=I   what the gateway and functions in JavaScript are based on;
                   ${defaults['node-image']}
  --base-image=I   what the other functions are based on: a shell and glibc;
                   ${defaults['base-image']}
  --engine=URL     the Docker engine, as in DOCKER_HOST:
                   unix:///var/run/docker.sock
  --push           build for several processors by docker buildx, and push to
                   the registry that --prefix begins with
  --platforms=P,P  with --push: only these of ${PLATFORMS.slice(0, 2).join(', ')},
                   ${PLATFORMS[2]}
  --prepare        only make what the Dockerfiles copy, for all processors
  --help           print this text`;

const options = readOptions();
const env = { ...process.env, ...(options.engine && { DOCKER_HOST: options.engine }) };

requireNode();
await ensureInstalled();
try {
  if (options.prepare) await prepare(processors);
  else if (options.push) await buildForRegistry();
  else await buildInEngine();
} catch (error) {
  fail(error.message);
}

function readOptions() {
  try {
    const texts = [...Object.keys(defaults), 'platforms', 'engine'].map((name) => [name, { type: 'string' }]);
    const flags = ['push', 'prepare', 'help'].map((name) => [name, { type: 'boolean' }]);
    const { help, platforms, ...values } = parseArgs({ options: Object.fromEntries([...texts, ...flags]) }).values;
    if (help) {
      console.log(HELP);
      process.exit(0);
    }
    if (platforms !== undefined && !values.push) throw new Error('--platforms needs --push: an engine keeps the images of its own processor only.');
    const { only, ...others } = { ...defaults, ...values };
    return { ...others, only: readImages(only), platforms: readList(platforms, PLATFORMS, 'platform') };
  } catch (error) {
    return fail(`${error.message}\n\n${HELP}`);
  }
}

/** In the order in which they have to be built. */
function readImages(text) {
  const names = readList(text, images, 'image');
  const needsWatchdog = names.some((name) => samples.includes(name));
  return images.filter((name) => names.includes(name) || (needsWatchdog && name === 'watchdog'));
}

function readList(text, all, what) {
  const names = text?.split(',') ?? all;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`Unknown ${what} "${unknown}"; there are ${all.join(', ')}.`);
  return names;
}

async function prepare(wanted) {
  await ensureBuilt();
  await step('Packing the sample functions', packSamples);
  if (options.only.includes('gateway')) await packModules(wanted);
  if (options.only.includes('watchdog')) await packWatchdog(wanted);
}

async function buildInEngine() {
  const processor = engineProcessor();
  await prepare([processor]);
  // The engine's classic builder is not told by itself what it builds for.
  await buildEach(['build'], { HOST_ARCH: processor });
  await summarise();
}

async function buildForRegistry() {
  const { platforms } = options;
  if (docker('buildx', 'version').status !== 0) throw new Error('There is no docker buildx, which --push needs: install the package docker-buildx-plugin.');
  await prepare(platforms.map((platform) => platform.split('/')[1]));
  await buildEach(['buildx', 'build', `--platform=${platforms.join(',')}`, '--push'], {});
  console.log(`They are in the registry, each for ${platforms.join(', ')}.`);
}

async function buildEach(command, hostArgs) {
  for (const image of options.only) {
    const { file, context = '.', args } = await recipeOf(image, hostArgs);
    const buildArgs = Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`);
    await step(`Building ${nameOf(image)}`, () => run('docker', [...command, `--file=deploy/docker/${file}`, `--tag=${nameOf(image)}`, ...buildArgs, context], env));
  }
}

async function recipeOf(image, hostArgs) {
  if (image === 'gateway') return { file: 'gateway.Dockerfile', args: { ...hostArgs, NODE_IMAGE: options['node-image'] } };
  if (image === 'watchdog') return { file: 'watchdog.Dockerfile', context: 'dist/watchdog/image', args: hostArgs };
  const { command, mode, contentType } = await readSample(image);
  const bases = { WATCHDOG_IMAGE: nameOf('watchdog'), BASE_IMAGE: await baseOf(image), NODE_IMAGE: options['node-image'] };
  return { file: 'functions.Dockerfile', args: { ...hostArgs, ...bases, FUNCTION: image, COMMAND: command, MODE: mode, CONTENT_TYPE: contentType } };
}

/** `undefined`: it is based on nothing. */
async function baseOf(image) {
  if (image === 'watchdog') return undefined;
  const needsNode = image === 'gateway' || /^node /.test((await readSample(image)).command);
  return options[needsNode ? 'node-image' : 'base-image'];
}

function nameOf(image) {
  return `${options.prefix}${image}:${options.tag}`;
}

async function summarise() {
  const rows = {};
  for (const image of options.only) {
    const base = await baseOf(image);
    const bytes = sizeOf(nameOf(image));
    rows[nameOf(image)] = { MB: toMb(bytes), 'MB over its base': toMb(bytes - (base ? sizeOf(base) : 0)), base: base ?? 'scratch' };
  }
  console.table(rows);
}

function sizeOf(name) {
  return Number(answerOf('image', 'inspect', '--format={{.Size}}', name));
}

function toMb(bytes) {
  return Number((bytes / 1e6).toFixed(1));
}

function engineProcessor() {
  const [system, processor] = answerOf('version', '--format={{.Server.Os}}/{{.Server.Arch}}').split('/');
  if (system === 'linux' && processors.includes(processor)) return processor;
  throw new Error(`The Docker engine is for ${system}/${processor}; there are images for ${PLATFORMS.join(', ')}.`);
}

function answerOf(...args) {
  const { status, stdout, stderr } = docker(...args);
  if (status !== 0) throw new Error(stderr.trim());
  return stdout.trim();
}

function docker(...args) {
  const result = spawnSync('docker', args, { encoding: 'utf8', env });
  if (result.error?.code === 'ENOENT') throw new Error('There is no docker program here: install Docker, or its client alone and say where the engine is by --engine.');
  if (result.error) throw result.error;
  return result;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
