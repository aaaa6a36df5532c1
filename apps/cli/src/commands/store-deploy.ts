import { Command } from 'commander';
import { CliError } from '../cli-error';
import { deployFunction, type DeployMode } from '../gateway/deploy-function';
import { openGateway, withNamespace } from '../gateway/open-gateway';
import { listOption, pairOption } from '../pair-option';
import { deploymentFrom, type StoreDeployFlags } from '../store/deployment-from';
import { findFunction } from '../store/find-function';
import { openStores } from '../store/open-stores';
import { imageFor } from '../store/platform';
import { askPlatform, withStoreOptions, type StoreOptions } from '../store/store-options';
import { withSwitch } from '../switches';
import { say, type Terminal } from '../terminal';

interface DeployOptions extends StoreOptions, StoreDeployFlags {
  readonly replace: boolean;
  readonly update: boolean;
}

export function storeDeployCommand(terminal: Terminal): Command {
  const command = withNamespace(withStoreOptions(new Command('deploy')))
    .description("Deploys a function of the store, by its name or title. The store's labels and annotations win over flags, environment flags over the store's.")
    .argument('<name>')
    .option('--name <name>', "what to call it (default: the store's name)")
    .addOption(pairOption('-e, --env <key=value>', 'an environment variable', { needsValue: true }))
    .addOption(pairOption('-l, --label <key=value>', 'a label'))
    .addOption(pairOption('--annotation <key=value>', 'an annotation'))
    .addOption(listOption('--secret <name>', 'a secret that it may read'))
    .addOption(listOption('--constraint <text>', 'where it may run'));
  withSwitch(command, 'replace', 'remove the one of that name first', false);
  return withSwitch(command, 'update', 'do not touch one of that name', true).action((name: string, options: DeployOptions) => deploy(terminal, name, { ...options, mode: modeOf(options, command.getOptionValueSource('update')) }));
}

async function deploy(terminal: Terminal, wanted: string, options: DeployOptions & { readonly mode: DeployMode }): Promise<void> {
  const one = findFunction(await openStores(terminal, options.url), wanted);
  const gateway = await openGateway(terminal, options);
  const deployment = deploymentFrom(one, imageFor(one, await askPlatform(gateway, options.platform)), options);
  const { status, updated, url } = await deployFunction(gateway, deployment, options.mode);
  say(terminal, `Deployed. ${status} ${status === 202 ? 'Accepted' : 'OK'}.${updated ? ' It was there, and is updated.' : ''}`, `URL: ${url}`);
}

/** @param updateFrom where `--update` has its value from: `cli` when somebody has said it. */
function modeOf({ replace, update }: DeployOptions, updateFrom: string | undefined): DeployMode {
  if (replace && update && updateFrom === 'cli') throw new CliError('usage', '--update and --replace exclude each other', 'leave one out');
  if (replace) return 'replace';
  return update ? 'update' : 'create';
}
