import { Command } from 'commander';
import { withBuildFlags } from '../project/build-flags';
import { bundleOf, isBuilt } from '../project/build-project';
import { deployOne, type Deployable } from '../project/deploy-project';
import { requireSensible, withDeployOptions, type DeployOptions } from '../project/deploy-options';
import { eachFunction } from '../project/each-function';
import { gatewayKind, type GatewayKind } from '../project/gateway-kind';
import { assembleOne, buildOne, imageOf, namesRegistry, publishOne, pushOne, sayShrinkwrapped } from '../project/image-project';
import { gatewayOf, openProject, type Project } from '../project/open-project';
import { withFunctions } from '../project/project-options';
import { redeploy } from '../project/redeploy';
import { ensureTemplates } from '../project/project-templates';
import { requireSecretOfBuilder, withPublishFlags, type PublishFlags } from '../project/publish-flags';
import { watchProject } from '../project/watch-project';
import type { StackFunction } from '../stack/stack-file';
import { withSwitch } from '../switches';
import { note, type Terminal } from '../terminal';

interface UpOptions extends DeployOptions, PublishFlags {
  readonly parallel: number;
  readonly publish: boolean;
  readonly skipPush: boolean;
  readonly skipDeploy: boolean;
  readonly watch: boolean;
}

export function upCommand(terminal: Terminal): Command {
  const command = withPublishFlags(withBuildFlags(withFunctions(withDeployOptions(new Command('up'), true))));
  withSwitch(command, 'publish', 'build for several platforms and push, instead of building and pushing');
  withSwitch(command, 'skip-push', 'do not push images: the engine that builds them runs them');
  withSwitch(command, 'skip-deploy', 'end when all is built and pushed');
  withSwitch(command, 'watch', 'go on, and build and deploy again at every save');
  return command
    .description('Builds and deploys functions in what the gateway runs: bundles where it runs them on this machine, else images, which are pushed when their names say where to.')
    .action((options: UpOptions) => up(terminal, options));
}

async function up(terminal: Terminal, options: UpOptions): Promise<void> {
  requireSensible(options);
  requireSecretOfBuilder(options);
  const project = await openProject(terminal, options);
  const gateway = await gatewayOf(terminal, options, project);
  // Without deploying, there need be no gateway.
  const kind = options.skipDeploy || options.publish ? 'images' : await gatewayKind(gateway);
  const work = async (now: Project, one: StackFunction) => {
    if (options.shrinkwrap) return isBuilt(one) ? sayShrinkwrapped(terminal, one.name, await assembleOne(terminal, now, one, options), now) : undefined;
    const made = await make(terminal, now, one, { ...options, kind });
    if (!options.skipDeploy) await deployOne(terminal, gateway, now, made, options);
  };
  await ensureTemplates(terminal, project, !options.disableStackPull);
  await eachFunction(terminal, project.functions, options.parallel, (one) => work(project, one));
  if (!options.watch) return;
  const open = async () => {
    const now = await openProject(terminal, options);
    await ensureTemplates(terminal, now, !options.disableStackPull);
    return now;
  };
  const deploy = async (now: Project, one: StackFunction, overtaken: AbortSignal) => {
    const sinceMs = performance.now();
    const made = await make(terminal, now, one, { ...options, kind, quiet: true });
    await redeploy(terminal, gateway, made, { project: now, options, sinceMs, overtaken });
  };
  await watchProject(terminal, project, { open, deploy });
}

/** Builds what the gateway runs, and brings it where the gateway finds it. */
async function make(terminal: Terminal, project: Project, one: StackFunction, options: UpOptions & { readonly kind: GatewayKind }): Promise<Deployable> {
  if (!isBuilt(one)) return { function: one, image: await imageOf(project, one, options.tag, terminal), isBundle: false };
  if (options.kind === 'bundles') return { function: one, image: await bundleOf(terminal, project, one, options), isBundle: true };
  if (options.publish) return { function: one, image: await publishOne(terminal, project, one, options), isBundle: false };
  const image = await buildOne(terminal, project, one, options);
  if (!options.skipPush && namesRegistry(image)) await pushOne(terminal, project, one, image, options);
  else if (!options.skipPush) note(terminal, `Not pushed: ${image} names no registry, so that only the engine here has it.`);
  return { function: one, image, isBundle: false };
}
