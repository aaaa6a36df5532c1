import { CliError } from '../cli-error';
import type { TextMap } from '../stack/stack-file';
import type { Env } from '../terminal';
import { lastLines, runCommand, type CommandResult, type RunCommand } from './run-command';

/** An image to be made of what `assemble` has put together. */
export interface ImageBuild {
  /** The function's, for messages. */
  readonly name: string;
  /** With its tag. */
  readonly image: string;
  /** The folder that it is built from. */
  readonly folder: string;
  readonly buildArgs: TextMap;
  readonly labels: TextMap;
  readonly noCache: boolean;
  readonly squash: boolean;
  /** Says nothing unless it fails. */
  readonly quiet: boolean;
  /** All of Docker's environment; `http_proxy` and `https_proxy` in it become build arguments. */
  readonly env: Env;
  /** Gets what Docker writes, as it comes. */
  readonly report?: ((text: string) => void) | undefined;
  /** Whether an error leaves out the end of Docker's output, because whoever reads it has just read that; false by default. */
  readonly isRead?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ImagePublish extends ImageBuild {
  /** Such as `linux/amd64,linux/arm64`. */
  readonly platforms: string;
  /** Tags that the image gets besides its own. */
  readonly extraTags: readonly string[];
}

const BUILDER = 'multiarch';
const NO_ENGINE = /^.*(?:cannot connect to the docker daemon|permission denied while trying to connect|error during connect|failed to connect to the docker api).*$/im;
/** What Docker says, in its several versions, of an image that is not there, and of a registry that does not answer or does not know one. */
const NOT_PULLED = /pull access denied|failed to resolve source metadata|manifest (?:unknown|for \S+ not found)|"https?:\/\/[^"\s]+\/v2\//i;
const NO_CREDENTIALS = /no basic auth credentials|authentication required|unauthorized|access (?:to the resource )?is denied|insufficient_scope/i;

/** The command line that builds an image. The arguments of a build are in it, so they are no place for secrets. */
export function dockerBuildCommand(build: ImageBuild): readonly string[] {
  return ['docker', 'build', ...optionsOf(build), '--tag', build.image, '.'];
}

/** The command line that builds an image for several platforms, and pushes it. */
export function dockerPublishCommand(publish: ImagePublish): readonly string[] {
  const tags = [publish.image, ...publish.extraTags.map((tag) => publish.image.replace(/:[^:/]*$/, `:${tag}`))];
  // Docker refuses the two together.
  const progress = publish.quiet ? [] : ['--progress=plain'];
  return ['docker', 'buildx', 'build', ...progress, `--platform=${publish.platforms}`, '--output=type=registry,push=true', ...optionsOf(publish), ...tags.flatMap((tag) => ['--tag', tag]), '.'];
}

function optionsOf({ buildArgs, labels, noCache, squash, quiet, env }: ImageBuild): readonly string[] {
  const proxies = Object.fromEntries(['http_proxy', 'https_proxy'].flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const pairs = (option: string, map: TextMap) => Object.entries(map).flatMap(([key, value]) => [option, `${key}=${value}`]);
  return [
    ...(quiet ? ['--quiet'] : []),
    ...(noCache ? ['--no-cache'] : []),
    ...(squash ? ['--squash'] : []),
    ...pairs('--build-arg', { ...proxies, ...buildArgs }),
    ...pairs('--label', labels),
  ];
}

/**
 * Builds an image on this machine's engine, with BuildKit where Docker has it.
 *
 * Rejects with `missing` when there is no Docker or no engine, with `build` and the end of Docker's output when the build fails.
 */
export async function buildImage(build: ImageBuild, run: RunCommand = runCommand): Promise<void> {
  const { exitCode } = await run(['docker', 'buildx', 'version'], { cwd: build.folder, env: build.env, signal: build.signal });
  // Where there is none, Docker knows best what to do instead, and says what to install.
  const env = exitCode === 0 ? { ...build.env, DOCKER_BUILDKIT: '1' } : build.env;
  await runDocker(dockerBuildCommand(build), { ...build, env }, run);
}

/**
 * Builds an image for `platforms` and pushes it, by a builder of its own that is made when it is not there.
 *
 * Rejects as `buildImage` does, and with `missing` when Docker has no buildx.
 */
export async function publishImage(publish: ImagePublish, run: RunCommand = runCommand): Promise<void> {
  const { exitCode } = await run(['docker', 'buildx', 'version'], { cwd: publish.folder, env: publish.env, signal: publish.signal });
  if (exitCode !== 0) throw new CliError('missing', 'images for several platforms need buildx, which this Docker does not have', 'install it (Debian: docker-buildx-plugin), or build here and push: "shoal build", "shoal push"');
  await runDocker(['docker', 'buildx', 'create', '--use', `--name=${BUILDER}`, `--node=${BUILDER}`], publish, run);
  await runDocker(dockerPublishCommand(publish), publish, run);
}

/** Lets the engine run programs of other processors anew (`--reset-qemu`). Runs a privileged container. Rejects as `buildImage` does. */
export async function resetQemu(build: Omit<DockerRun, 'quiet'>, run: RunCommand = runCommand): Promise<void> {
  await runDocker(['docker', 'run', '--rm', '--privileged', 'multiarch/qemu-user-static', '--reset', '-p', 'yes'], { ...build, quiet: false }, run);
}

/** Pushes an image to its registry. Rejects as `buildImage` does. */
export async function pushImage(build: DockerRun & Pick<ImageBuild, 'image'>, run: RunCommand = runCommand): Promise<void> {
  await runDocker(['docker', 'push', ...(build.quiet ? ['--quiet'] : []), build.image], build, run);
}

type DockerRun = Pick<ImageBuild, 'name' | 'folder' | 'env' | 'quiet' | 'report' | 'signal' | 'isRead'>;

async function runDocker(argv: readonly string[], options: DockerRun, run: RunCommand): Promise<void> {
  const { folder: cwd, env, quiet, report, signal } = options;
  const result = await run(argv, { cwd, env, signal, onOutput: quiet ? undefined : report });
  if (result.exitCode !== 0) throw failure(argv, result, options);
}

function failure(argv: readonly string[], { exitCode, output }: CommandResult, { name, quiet, isRead }: DockerRun): CliError {
  const end = lastLines(output);
  const [noEngine] = NO_ENGINE.exec(end) ?? [];
  if (noEngine !== undefined) return new CliError('missing', `the Docker engine cannot be reached: ${noEngine.trim()}`, 'start it, or see whether you may use it; "shoal build --bundle" needs no engine');
  // Not the whole of it: there may be a token among the build's arguments.
  const what = `function ${name}: "${argv.slice(0, 2).join(' ')}" ended with ${exitCode}`;
  return new CliError('build', isRead && !quiet ? what : `${what}\n${end}`, hintFor(argv, end));
}

function hintFor([, verb]: readonly string[], end: string): string | undefined {
  if (verb === 'push') return NO_CREDENTIALS.test(end) ? 'sign in to its registry: docker login REGISTRY' : undefined;
  if (!NOT_PULLED.test(end)) return undefined;
  return 'an image that its Dockerfile begins with cannot be had: name another with --build-arg BASE_IMAGE=... or WATCHDOG_IMAGE=...; docs/templates.md tells where the watchdog comes from';
}
