import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { GatewayClient } from '../gateway/gateway-client';
import { openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { gatewayOf, openProject } from '../project/open-project';
import { say, type Terminal } from '../terminal';

interface RemoveOptions extends GatewayOptions {
  readonly namespace?: string;
  readonly filter?: string;
  readonly regex?: string;
}

export function removeCommand(terminal: Terminal): Command {
  return withNamespace(withGatewayOptions(new Command('remove')))
    .description('Removes functions: those that are named, else all of the stack file. Their calls in flight end first.')
    .argument('[name...]', 'NAME or NAME.NAMESPACE')
    .option('--filter <glob>', 'only functions of the stack file with such a name; * stands for any text')
    .option('--regex <expression>', 'only functions of the stack file whose name matches')
    .action((names: readonly string[], options: RemoveOptions) => (names.length > 0 ? removeNamed(terminal, names, options) : removeProject(terminal, options)));
}

async function removeNamed(terminal: Terminal, names: readonly string[], options: RemoveOptions): Promise<void> {
  if (options.filter !== undefined || options.regex !== undefined) throw new CliError('usage', '--filter and --regex choose from the stack file; leave them out, or the names');
  const gateway = await openGateway(terminal, options);
  await removeAll(terminal, gateway, names.map((name) => ({ name, namespace: options.namespace })));
}

async function removeProject(terminal: Terminal, options: RemoveOptions): Promise<void> {
  const project = await openProject(terminal, options);
  const gateway = await gatewayOf(terminal, options, project);
  await removeAll(terminal, gateway, project.functions.map(({ name, namespace }) => ({ name, namespace: options.namespace ?? namespace })));
}

/** One that is not there does not keep the others. */
async function removeAll(terminal: Terminal, gateway: GatewayClient, all: readonly { readonly name: string; readonly namespace: string | undefined }[]): Promise<void> {
  const missing: string[] = [];
  for (const { name, namespace } of all) {
    const where = namespace === undefined ? {} : { namespace };
    say(terminal, `Deleting: ${name}${namespace === undefined ? '' : `.${namespace}`}`);
    const answer = await gateway.send('DELETE', '/system/functions', { body: { functionName: name, ...where }, query: where });
    if (answer.status === 404) missing.push(name);
    else if (answer.status > 299) throw await gateway.refusal(answer);
    else say(terminal, 'Removing old function.');
    answer.body.resume();
  }
  if (missing.length > 0) throw new CliError('notFound', `No existing function to remove: ${missing.join(', ')}`, 'shoal list shows those that there are');
}
