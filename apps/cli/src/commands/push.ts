import { Command } from 'commander';
import type { TagMode } from '../build/image-name';
import { withTag } from '../project/build-flags';
import { eachFunction } from '../project/each-function';
import { imageOf, pushOne } from '../project/image-project';
import { openProject } from '../project/open-project';
import { withFunctions, withParallel, withStackFile, type ProjectOptions } from '../project/project-options';
import { withSwitch } from '../switches';
import type { Terminal } from '../terminal';

interface PushOptions extends ProjectOptions {
  readonly parallel: number;
  readonly tag: TagMode;
  readonly quiet: boolean;
}

export function pushCommand(terminal: Terminal): Command {
  return withSwitch(withTag(withParallel(withFunctions(withStackFile(new Command('push'))))), 'quiet', 'say only what goes wrong')
    .description('Pushes the images of functions to their registries, by Docker and with its credentials.')
    .action((options: PushOptions) => push(terminal, options));
}

async function push(terminal: Terminal, options: PushOptions): Promise<void> {
  const project = await openProject(terminal, options);
  const pushed = project.functions.filter(({ skipBuild }) => !skipBuild);
  await eachFunction(terminal, pushed, options.parallel, async (one) => {
    await pushOne(terminal, project, one, await imageOf(project, one, options.tag, terminal), options);
  });
}
