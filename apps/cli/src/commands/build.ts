import { Command } from 'commander';
import { withBuildFlags, type BuildFlags } from '../project/build-flags';
import { bundleOf, isBuilt } from '../project/build-project';
import { eachFunction } from '../project/each-function';
import { assembleOne, buildOne, sayShrinkwrapped } from '../project/image-project';
import { openProject, type Project } from '../project/open-project';
import { withFunctions, withStackFile } from '../project/project-options';
import { ensureTemplates } from '../project/project-templates';
import type { StackFunction } from '../stack/stack-file';
import { withSwitch } from '../switches';
import { note, say, type Terminal } from '../terminal';

interface BuildOptions extends BuildFlags {
  readonly bundle: boolean;
}

export function buildCommand(terminal: Terminal): Command {
  const command = withBuildFlags(withFunctions(withStackFile(new Command('build'))));
  return withSwitch(command, 'bundle', 'make folders for a gateway of this machine, which need no container engine')
    .description('Builds the functions of the stack file, or the one that flags describe: images by Docker, or bundles.')
    .action((options: BuildOptions) => build(terminal, options));
}

async function build(terminal: Terminal, options: BuildOptions): Promise<void> {
  const project = await openProject(terminal, options);
  await ensureTemplates(terminal, project, !options.disableStackPull);
  const built = withoutReadyMade(terminal, project.functions);
  await eachFunction(terminal, built, options.parallel, (one) => buildFunction(terminal, project, one, options));
}

async function buildFunction(terminal: Terminal, project: Project, one: StackFunction, options: BuildOptions): Promise<void> {
  if (options.shrinkwrap) return sayShrinkwrapped(terminal, one.name, await assembleOne(terminal, project, one, options), project);
  if (!options.bundle) return void (await buildOne(terminal, project, one, options));
  say(terminal, `Bundle: ${await bundleOf(terminal, project, one, options)}`);
}

/** Those that there is something to build of; says which there is not. */
export function withoutReadyMade(terminal: Terminal, functions: readonly StackFunction[]): readonly StackFunction[] {
  for (const { name, skipBuild } of functions.filter((one) => !isBuilt(one))) note(terminal, `Skipping build of: ${name}${skipBuild ? '.' : ', which has no lang.'}`);
  return functions.filter(isBuilt);
}
