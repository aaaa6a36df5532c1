import { Command, Option } from 'commander';
import type { FunctionStatus } from '../gateway/api';
import { openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatTable } from '../output/table';
import { say, type Terminal } from '../terminal';

type Sorting = 'name' | 'invocations' | 'creation';

interface ListOptions extends GatewayOptions {
  readonly namespace?: string;
  readonly output: OutputFormat;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly sort: Sorting;
}

const ORDERS: Readonly<Record<Sorting, (a: FunctionStatus, b: FunctionStatus) => number>> = {
  name: (a, b) => a.name.localeCompare(b.name, 'en'),
  invocations: (a, b) => b.invocationCount - a.invocationCount,
  creation: (a, b) => Date.parse(b.createdAt ?? '') - Date.parse(a.createdAt ?? ''),
};

export function listCommand(terminal: Terminal): Command {
  return withNamespace(withGatewayOptions(new Command('list')))
    .description('Lists the functions of a namespace, with their calls and replicas.')
    .option('-v, --verbose', 'show image and age too; the same as --output wide')
    .option('-q, --quiet', 'print only the names')
    .addOption(new Option('--sort <order>', 'in which order; most invocations, or the latest creation, come first').choices(Object.keys(ORDERS)).default('name'))
    .addOption(outputOption())
    .action((options: ListOptions) => list(terminal, options));
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const found = await gateway.json<readonly FunctionStatus[]>('GET', '/system/functions', { query: { namespace: options.namespace } });
  const functions = [...found].sort(ORDERS[options.sort]);
  if (options.quiet) return say(terminal, ...functions.map(({ name }) => name));
  await print(terminal, options.output === 'text' && options.verbose ? 'wide' : options.output, functions, (wide) => (wide ? formatWide(functions) : formatShort(functions)));
}

/** The columns and widths that scripts around faas-cli cut at (wire contract §7.5). */
function formatShort(functions: readonly FunctionStatus[]): readonly string[] {
  const row = (name: string, calls: string, replicas: string) => `${name.padEnd(30)}\t${calls.padEnd(15)}\t${replicas.padEnd(5)}`;
  return [row('Function', 'Invocations', 'Replicas'), ...functions.map(({ name, invocationCount, replicas }) => row(name, String(invocationCount), String(replicas)))];
}

function formatWide(functions: readonly FunctionStatus[]): readonly string[] {
  return formatTable(
    ['Function', 'Invocations', 'Replicas', 'Ready', 'State', 'Image', 'CreatedAt'],
    functions.map((one) => [one.name, String(one.invocationCount), String(one.replicas), String(one.availableReplicas), stateOf(one), one.image, one.createdAt ?? '']),
  );
}

/** In one word, how a function is. */
export function stateOf({ replicas, availableReplicas, notReadyBecause }: FunctionStatus): string {
  if (replicas === 0) return 'asleep';
  if (availableReplicas >= replicas) return 'ready';
  return notReadyBecause === undefined ? 'starting' : 'failing';
}
