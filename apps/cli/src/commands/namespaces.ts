import { Command } from 'commander';
import { openGateway, withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import type { Terminal } from '../terminal';

export interface NamespacesOptions extends GatewayOptions {
  readonly output: OutputFormat;
}

export function namespacesCommand(terminal: Terminal): Command {
  return withGatewayOptions(new Command('namespaces'))
    .description('Lists the namespaces that may hold functions.')
    .addOption(outputOption())
    .action((options: NamespacesOptions) => listNamespaces(terminal, options));
}

/** Also what `namespace list` does. */
export async function listNamespaces(terminal: Terminal, options: NamespacesOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const names = await gateway.json<readonly string[]>('GET', '/system/namespaces');
  await print(terminal, options.output, names, () => ['Namespaces:', ...names.map((name) => ` - ${name}`)]);
}
