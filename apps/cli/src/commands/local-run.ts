import { exists } from '../build/dependencies';
import { join } from 'node:path';
import { findBundle } from '@shoal/adapters/local/bundle';
import { Command, InvalidArgumentError } from 'commander';
import { latestBundle } from '../build/latest-bundle';
import { CliError } from '../cli-error';
import { tellError } from '../output/tell-error';
import { bundleLaunch, commandLine, imageLaunch, type LocalFunction } from '../local-run/launches';
import { LOOPBACK, takePort } from '../local-run/ports';
import { runAttached, type Attached, type Launch } from '../local-run/run-attached';
import { watchdogProgram } from '../local-run/watchdog-program';
import { pairOption } from '../pair-option';
import { withBuildFlags, type BuildFlags } from '../project/build-flags';
import { bundleOf, isBuilt } from '../project/build-project';
import { buildOne, imageOf } from '../project/image-project';
import { openProject, type Project } from '../project/open-project';
import { withFunctions, withStackFile } from '../project/project-options';
import { ensureTemplates, templateOf } from '../project/project-templates';
import { watchFiles } from '../project/watch-files';
import { sourcesOf, stackFileOf } from '../project/watch-project';
import { readEnvironmentFiles } from '../stack/environment-file';
import type { StackFunction, TextMap } from '../stack/stack-file';
import { withSwitch } from '../switches';
import { note, say, type Terminal } from '../terminal';

interface LocalRunOptions extends BuildFlags {
  readonly port: number;
  readonly env?: TextMap;
  readonly network?: string;
  readonly docker: boolean;
  readonly print: boolean;
  readonly build: boolean;
  readonly watch: boolean;
}

const DEFAULT_PORT = 8080;
const MAX_PORT = 65_535;

export function localRunCommand(terminal: Terminal): Command {
  const command = withBuildFlags(withFunctions(withStackFile(new Command('local-run'))))
    .description('Builds a function and runs it on this machine until Ctrl-C: as a plain process behind the watchdog, or its image by Docker when it has no bundle. No gateway takes part. Its secrets are the files in ./.secrets.')
    .argument('[function]', 'which one, when the stack file has several')
    .option('-p, --port <port>', 'where it listens on 127.0.0.1; 0 for any that is free', parsePort, DEFAULT_PORT)
    .addOption(pairOption('-e, --env <key=value>', 'an environment variable', { needsValue: true }))
    .option('--network <name>', "a network of Docker's, for an image");
  withSwitch(command, 'docker', 'run its image by Docker, though it could be a bundle');
  withSwitch(command, 'print', 'print the command that would run it, and end');
  withSwitch(command, 'build', 'run what was built last', true);
  withSwitch(command, 'watch', 'go on, and start it anew at every save');
  return command.action((name: string | undefined, options: LocalRunOptions) => localRun(terminal, name === undefined ? options : { ...options, name }));
}

async function localRun(terminal: Terminal, options: LocalRunOptions): Promise<void> {
  const ownPort = await takePort(options.port);
  const prepare = async () => {
    const project = await openProject(terminal, options);
    const one = onlyOne(project);
    await ensureTemplates(terminal, project, !options.disableStackPull);
    return { project, one, launch: await launchOf(terminal, project, one, { ...options, port: ownPort }) };
  };
  const { project, one, launch } = await prepare();
  if (options.print) return say(terminal, commandLine(launch, launch.argv[0] !== 'docker'));
  const start = (what: Launch) => {
    say(terminal, `${one.name} runs at http://${LOOPBACK}:${ownPort}/ until Ctrl-C.`);
    return runAttached(what, terminal.signal);
  };
  if (options.watch) return await watch(terminal, [...sourcesOf(project, one), ...stackFileOf(project)], { first: launch, start, again: async () => (await prepare()).launch });
  const code = await start(launch).ended;
  if (!terminal.signal.aborted && code !== 0) throw new CliError('failed', `${one.name} ended with ${code === null ? 'a signal' : `exit code ${code}`}`, 'what it has written above may say why');
}

interface Watch {
  readonly first: Launch;
  readonly start: (launch: Launch) => Attached;
  /** Builds what is there now. */
  readonly again: () => Promise<Launch>;
}

/** What cannot be built is told, and what ran before goes on. */
async function watch(terminal: Terminal, paths: readonly string[], { first, start, again }: Watch): Promise<void> {
  let running = start(first);
  running.ended.catch((error: unknown) => note(terminal, `Error: ${(error as Error).message}`));
  for await (const _ of watchFiles(paths, terminal.signal, () => note(terminal, 'Watching for changes.'))) {
    try {
      const launch = await again();
      await running.stop();
      if (!terminal.signal.aborted) running = start(launch);
    } catch (error) {
      if (terminal.signal.aborted) break;
      if (!(error instanceof CliError)) throw error;
      tellError(terminal, error);
    }
  }
  await running.stop();
}

function onlyOne({ functions }: Project): StackFunction {
  if (functions.length === 1) return functions[0]!;
  throw new CliError('usage', `there are ${functions.length} functions, and one can be run at a time`, `name one of ${functions.map(({ name }) => name).join(', ')}`);
}

async function launchOf(terminal: Terminal, project: Project, one: StackFunction, options: LocalRunOptions): Promise<Launch> {
  const { env } = terminal;
  const { name, environment, environmentFiles, fprocess, secrets } = one;
  const hasSecrets = await exists(join(project.folder, '.secrets'));
  for (const secret of secrets) if (!(await exists(join(project.folder, '.secrets', secret)))) note(terminal, `The secret ${secret} is not there: write it to .secrets/${secret}`);
  const envVars = { ...environment, ...(await readEnvironmentFiles(environmentFiles, project.folder)), ...options.env };
  const local: LocalFunction = { name, envVars, envProcess: fprocess, folder: project.folder, hasSecrets, port: options.port };
  if (options.docker || !(await hasBundle(project, one))) {
    const image = options.build && isBuilt(one) ? await buildOne(terminal, project, one, options) : await imageOf(project, one, options.tag, terminal);
    return imageLaunch(local, image, { env, network: options.network });
  }
  if (options.network !== undefined) throw new CliError('usage', '--network is for images, and this runs as a plain process', 'add --docker, or leave it out');
  const folder = options.build ? await bundleOf(terminal, project, one, options) : await latestBundle(project.folder, name);
  const bundle = folder === undefined ? undefined : await findBundle(folder, []);
  if (!bundle) throw new CliError('notFound', `there is no bundle of ${name}`, 'leave out --no-build');
  return bundleLaunch(local, bundle, { watchdog: await watchdogProgram(env), env, upstreamPort: await takePort(0) });
}

async function hasBundle(project: Project, one: StackFunction): Promise<boolean> {
  if (!isBuilt(one)) return false;
  const { folders } = await templateOf(project, one.lang!);
  return (await Promise.all(folders.map((folder) => exists(join(folder, 'function.yml'))))).includes(true);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > MAX_PORT) throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_PORT}.`);
  return port;
}
