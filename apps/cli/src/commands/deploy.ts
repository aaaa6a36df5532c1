import { Command } from 'commander';
import { latestBundle } from '../build/latest-bundle';
import { CliError } from '../cli-error';
import { withTag } from '../project/build-flags';
import type { TagMode } from '../build/image-name';
import { isBuilt } from '../project/build-project';
import { deployOne, type Deployable } from '../project/deploy-project';
import { requireSensible, withDeployOptions, type DeployOptions } from '../project/deploy-options';
import { eachFunction } from '../project/each-function';
import { gatewayKind, type GatewayKind } from '../project/gateway-kind';
import { imageOf } from '../project/image-project';
import { gatewayOf, openProject, type Project } from '../project/open-project';
import { withFunctions, withParallel } from '../project/project-options';
import type { StackFunction } from '../stack/stack-file';
import type { Terminal } from '../terminal';

interface DeployCommandOptions extends DeployOptions {
  readonly tag: TagMode;
}

export function deployCommand(terminal: Terminal): Command {
  return withTag(withParallel(withFunctions(withDeployOptions(new Command('deploy'), false))))
    .description('Deploys functions that are built: those of the stack file, or the one that flags describe. One that is there is updated.')
    .action((options: DeployCommandOptions) => deploy(terminal, options));
}

async function deploy(terminal: Terminal, options: DeployCommandOptions): Promise<void> {
  requireSensible(options);
  const project = await openProject(terminal, options);
  const gateway = await gatewayOf(terminal, options, project);
  const kind = project.functions.some(isBuilt) ? await gatewayKind(gateway) : 'images';
  await eachFunction(terminal, project.functions, options.parallel, async (one) => {
    await deployOne(terminal, gateway, project, await deployableOf(terminal, project, one, { kind, tag: options.tag }), options);
  });
}

/** What was built last of a function; a ready-made one has its image. */
async function deployableOf(terminal: Terminal, project: Project, one: StackFunction, { kind, tag }: { readonly kind: GatewayKind; readonly tag: TagMode }): Promise<Deployable> {
  if (kind === 'images' || !isBuilt(one)) return { function: one, image: await imageOf(project, one, tag, terminal), isBundle: false };
  const bundle = await latestBundle(project.folder, one.name);
  if (bundle === undefined) throw new CliError('usage', `function ${one.name} is not built for this gateway, which runs bundles`, `build it with: shoal build --bundle, or do both with: shoal up`);
  return { function: one, image: bundle, isBundle: true };
}
