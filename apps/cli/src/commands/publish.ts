import { Command } from 'commander';
import { resetQemu } from '../build/image';
import { withBuildFlags } from '../project/build-flags';
import { isBuilt } from '../project/build-project';
import { eachFunction } from '../project/each-function';
import { assembleOne, publishOne, sayShrinkwrapped } from '../project/image-project';
import { openProject } from '../project/open-project';
import { withFunctions, withStackFile } from '../project/project-options';
import { ensureTemplates } from '../project/project-templates';
import { requireSecretOfBuilder, withPublishFlags, type PublishFlags } from '../project/publish-flags';
import type { Terminal } from '../terminal';

export function publishCommand(terminal: Terminal): Command {
  return withPublishFlags(withBuildFlags(withFunctions(withStackFile(new Command('publish')))))
    .description('Builds images of functions for one or several platforms, and pushes them, by Docker buildx or a builder elsewhere.')
    .action((options: PublishFlags) => publish(terminal, options));
}

async function publish(terminal: Terminal, options: PublishFlags): Promise<void> {
  requireSecretOfBuilder(options);
  const project = await openProject(terminal, options);
  await ensureTemplates(terminal, project, !options.disableStackPull);
  const { env, signal, stderr } = terminal;
  if (options.resetQemu) await resetQemu({ name: 'qemu', folder: project.folder, env, signal, report: (text) => void stderr.write(text) });
  await eachFunction(terminal, project.functions.filter(isBuilt), options.parallel, async (one) => {
    if (options.shrinkwrap) return sayShrinkwrapped(terminal, one.name, await assembleOne(terminal, project, one, options), project);
    await publishOne(terminal, project, one, options);
  });
}
