import { noteDeployed } from '../build/deployed-bundles';
import { deployFunction, functionUrl, type Deployed } from '../gateway/deploy-function';
import type { GatewayClient } from '../gateway/gateway-client';
import { waitUntilReady } from '../gateway/wait-until-ready';
import { withProgress } from '../output/progress';
import { deploymentOf } from '../stack/deployment';
import { readEnvironmentFiles } from '../stack/environment-file';
import type { StackFunction } from '../stack/stack-file';
import { say, type Terminal } from '../terminal';
import { flagsOf, modeOf, type DeployOptions } from './deploy-options';
import type { Project } from './open-project';
import { templateOf } from './project-templates';

/** A function, and what it is deployed from. */
export interface Deployable {
  readonly function: StackFunction;
  /** An image, or the folder of a bundle. */
  readonly image: string;
  /** A bundle says by itself which command to run. */
  readonly isBundle: boolean;
}

/** Deploys a function and says where it is called; waits until it is ready when that is wanted. */
export async function deployOne(terminal: Terminal, gateway: GatewayClient, project: Project, deployable: Deployable, options: DeployOptions): Promise<void> {
  const { name } = deployable.function;
  say(terminal, `Deploying: ${name}.`);
  const { status, updated, namespace } = await sendOne(gateway, project, deployable, options);
  const words = { 200: '200 OK', 201: '201 Created', 202: '202 Accepted' }[status] ?? String(status);
  say(terminal, `Deployed. ${words}.${updated ? ' It was there, and is updated.' : ''}`, `URL: ${functionUrl(gateway.url, name, namespace)}`);
  if (!options.wait) return;
  const { replicas, availableReplicas } = await withProgress(terminal, `Waiting for ${name}`, (tell) => waitUntilReady(gateway, name, { namespace, timeoutMs: options.waitTimeout, tell }));
  say(terminal, replicas === 0 ? 'Ready: it sleeps until it is called.' : `Ready: ${availableReplicas} of ${replicas} replicas.`);
}

/** Deploys a function, without a word. */
export async function sendOne(gateway: GatewayClient, project: Project, { function: one, image, isBundle }: Deployable, options: DeployOptions): Promise<Deployed & { readonly namespace: string | undefined }> {
  const fileEnvironment = await readEnvironmentFiles(one.environmentFiles, project.folder);
  const templateProcess = isBundle ? undefined : await processOf(project, one, options);
  const deployment = deploymentOf(one, flagsOf(options), { fileEnvironment, templateProcess, image });
  const deployed = await deployFunction(gateway, deployment, modeOf(options));
  if (isBundle) await noteDeployed(project.folder, one.name, gateway.url, image);
  return { ...deployed, namespace: deployment.namespace };
}

/** The command that its template names, when the stack file names none (wire contract §7.3). */
async function processOf(project: Project, { lang, fprocess }: StackFunction, { fprocess: flag, readTemplate }: DeployOptions): Promise<string | undefined> {
  if (!project.stack) return flag;
  if (fprocess !== undefined || lang === undefined || lang.toLowerCase() === 'dockerfile' || !readTemplate) return undefined;
  return (await templateOf(project, lang)).fprocess;
}
