import { Command } from 'commander';
import { openGateway, withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatPairs } from '../output/table';
import { pairOption } from '../pair-option';
import type { TextMap } from '../stack/stack-file';
import { say, type Terminal } from '../terminal';
import { listNamespaces, type NamespacesOptions } from './namespaces';

interface NamespaceOptions extends GatewayOptions {
  readonly label?: TextMap;
  readonly annotation?: TextMap;
}

interface GetOptions extends GatewayOptions {
  readonly output: OutputFormat;
}

interface Namespace {
  readonly name: string;
  readonly labels?: TextMap;
  readonly annotations?: TextMap;
}

/** Says that a namespace may hold functions; clients of OpenFaaS write it in both places (wire contract §1.4.11). */
const MARK = { openfaas: '1' } as const;
const HINTS = { notFound: 'shoal namespaces shows those that there are' } as const;

export function namespaceCommand(terminal: Terminal): Command {
  return new Command('namespace')
    .description('Creates, shows, changes and removes namespaces.')
    .addCommand(changing('create', 'create a namespace').action((name: string, options: NamespaceOptions) => put(terminal, 'POST', name, options)))
    .addCommand(changing('update', 'replace the labels and annotations of a namespace').action((name: string, options: NamespaceOptions) => put(terminal, 'PUT', name, options)))
    .addCommand(naming('get', 'show a namespace').addOption(outputOption()).action((name: string, options: GetOptions) => show(terminal, name, options)))
    .addCommand(naming('delete', 'remove a namespace that holds nothing').action((name: string, options: GatewayOptions) => remove(terminal, name, options)))
    .addCommand(
      withGatewayOptions(new Command('list'))
        .description('list the names of all')
        .addOption(outputOption())
        .action((options: NamespacesOptions) => listNamespaces(terminal, options)),
    );
}

function naming(name: string, description: string): Command {
  return withGatewayOptions(new Command(name)).description(description).argument('<name>', 'of the namespace');
}

function changing(name: string, description: string): Command {
  return naming(name, description)
    .addOption(pairOption('--label <name=value>', 'a label; may be repeated'))
    .addOption(pairOption('--annotation <name=value>', 'an annotation; may be repeated'));
}

async function put(terminal: Terminal, method: 'POST' | 'PUT', name: string, options: NamespaceOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const body = { name, labels: { ...MARK, ...options.label }, annotations: { ...MARK, ...options.annotation } };
  const answer = await gateway.ask(method, `/system/namespace/${encodeURIComponent(name)}`, { body, hints: HINTS });
  answer.body.resume();
  say(terminal, method === 'POST' ? `Created: ${name}` : `Updated: ${name}`);
}

async function show(terminal: Terminal, name: string, options: GetOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const found = await gateway.json<Namespace>('GET', `/system/namespace/${encodeURIComponent(name)}`, { hints: HINTS });
  const lines = (map: TextMap = {}) => Object.entries(map).map(([key, value]) => `${key}: ${value}`).join('\n') || '<none>';
  await print(terminal, options.output, found, () => formatPairs([['Name', found.name], ['Labels', lines(found.labels)], ['Annotations', lines(found.annotations)]]));
}

async function remove(terminal: Terminal, name: string, options: GatewayOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const hints = { ...HINTS, conflict: 'remove its functions and secrets first' };
  (await gateway.ask('DELETE', `/system/namespace/${encodeURIComponent(name)}`, { body: { name }, hints })).body.resume();
  say(terminal, `Deleted: ${name}`);
}
