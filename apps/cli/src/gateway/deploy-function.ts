import { CliError } from '../cli-error';
import type { GatewayClient } from './gateway-client';

/** What is sent to deploy a function (wire contract §1.4.0, §7.3). */
export interface FunctionDeployment {
  readonly service: string;
  readonly image: string;
  readonly namespace?: string;
  readonly envProcess?: string;
  readonly envVars?: Readonly<Record<string, string>>;
  readonly constraints?: readonly string[];
  readonly secrets?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly limits?: { readonly memory?: string; readonly cpu?: string };
  readonly requests?: { readonly memory?: string; readonly cpu?: string };
  readonly readOnlyRootFilesystem?: boolean;
}

/** What happens to a function of that name: it is updated, or removed first, or must not be there. */
export type DeployMode = 'update' | 'replace' | 'create';

export interface Deployed {
  /** What the gateway answered: 200, 201 or 202. */
  readonly status: number;
  /** Whether one of that name was updated. */
  readonly updated: boolean;
  /** Where it is called. */
  readonly url: string;
}

const PATH = '/system/functions';

/**
 * Deploys a function by the requests of wire contract §7.3. Resolves once the gateway has accepted it, not once it is ready.
 * Rejects as the gateway refuses, with `conflict` when `create` finds one of that name.
 */
export async function deployFunction(gateway: GatewayClient, deployment: FunctionDeployment, mode: DeployMode): Promise<Deployed> {
  const url = functionUrl(gateway.url, deployment.service, deployment.namespace);
  if (mode === 'create') await requireNone(gateway, deployment);
  if (mode === 'update') {
    const answer = await gateway.send('PUT', PATH, { body: deployment });
    if (answer.status !== 404) {
      if (answer.status > 299) throw await gateway.refusal(answer);
      answer.body.resume();
      return { status: answer.status, updated: true, url };
    }
    answer.body.resume();
  }
  // Whether there was one does not matter.
  if (mode === 'replace') (await gateway.send('DELETE', PATH, { body: { functionName: deployment.service, ...inNamespace(deployment) }, query: inNamespace(deployment) })).body.resume();
  const { status, body } = await gateway.ask('POST', PATH, { body: deployment });
  body.resume();
  return { status, updated: false, url };
}

/** `<gateway>/function/NAME[.NAMESPACE]`, by which a function is called. */
export function functionUrl(gatewayUrl: string, name: string, namespace?: string): string {
  return `${gatewayUrl}/function/${name}${namespace ? `.${namespace}` : ''}`;
}

/** Our gateway, like others, replaces what is there when it is told to create it. */
async function requireNone(gateway: GatewayClient, deployment: FunctionDeployment): Promise<void> {
  const answer = await gateway.send('GET', `/system/function/${deployment.service}`, { query: inNamespace(deployment) });
  answer.body.resume();
  if (answer.status !== 200) return;
  throw new CliError('conflict', `there is a function ${deployment.service} already`, 'deploy it without --no-update to update it, or with --replace to remove it first');
}

function inNamespace({ namespace }: FunctionDeployment): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}
