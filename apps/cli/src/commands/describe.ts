import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { FunctionStatus, ScalingStatus } from '../gateway/api';
import { qualifiedName, UNKNOWN_FUNCTION } from '../gateway/function-name';
import type { GatewayClient } from '../gateway/gateway-client';
import { openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatPairs } from '../output/table';
import type { Terminal } from '../terminal';
import { stateOf } from './list';

interface DescribeOptions extends GatewayOptions {
  readonly namespace?: string;
  readonly name?: string;
  readonly verbose?: boolean;
  readonly output: OutputFormat;
}

interface Described extends FunctionStatus {
  readonly url: string;
  readonly asyncUrl: string;
  /** Why it has as many replicas as it has. */
  readonly scaling?: string;
}

type Pair = readonly [name: string, value: string];

const BYTES_OF_MEBIBYTE = 1024 * 1024;

export function describeCommand(terminal: Terminal): Command {
  return withNamespace(withGatewayOptions(new Command('describe')))
    .description('Tells all about a function: how it was deployed, how it is, and why.')
    .argument('[name]', 'the function')
    .option('--name <name>', 'the function, instead of the argument')
    .option('-v, --verbose', 'show what is empty too; the same as --output wide')
    .addOption(outputOption())
    .action((name: string | undefined, options: DescribeOptions) => describe(terminal, name ?? options.name, options));
}

async function describe(terminal: Terminal, name: string | undefined, options: DescribeOptions): Promise<void> {
  if (name === undefined) throw new CliError('usage', 'name the function to describe');
  const gateway = await openGateway(terminal, options);
  const { namespace } = options;
  const path = `/system/function/${encodeURIComponent(name)}`;
  const found = await gateway.json<FunctionStatus>('GET', path, { query: { usage: '1', namespace }, hints: UNKNOWN_FUNCTION });
  const called = qualifiedName(found.name, namespace ?? (name.includes('.') ? found.namespace : undefined));
  const scaling = await findScaling(gateway, path, namespace);
  const described: Described = { ...found, url: `${gateway.url}/function/${called}`, asyncUrl: `${gateway.url}/async-function/${called}`, ...(scaling === undefined ? {} : { scaling }) };
  await print(terminal, options.output === 'text' && options.verbose ? 'wide' : options.output, described, (wide) => formatDescription(described, wide));
}

/** Other gateways know nothing of it. */
async function findScaling(gateway: GatewayClient, path: string, namespace: string | undefined): Promise<string | undefined> {
  try {
    const { now, problem } = await gateway.json<ScalingStatus>('GET', `${path}/scaling`, { query: { namespace } });
    return problem ?? now?.because;
  } catch (error) {
    if (error instanceof CliError && (error.reason === 'notFound' || error.reason === 'failed')) return undefined;
    throw error;
  }
}

/** Names and order as scripts around faas-cli know them (wire contract §7.5), with what only we know in between. */
function formatDescription(one: Described, wide: boolean): readonly string[] {
  const always: readonly Pair[] = [
    ['Name', one.name],
    ['Status', one.availableReplicas > 0 ? 'Ready' : 'Not Ready'],
    ['Replicas', String(one.replicas)],
    ['Available Replicas', String(one.availableReplicas)],
    ['Invocations', String(one.invocationCount)],
    ['Image', one.image],
    ['Function Process', one.envProcess || '<default>'],
    ['URL', one.url],
    ['Async URL', one.asyncUrl],
    ['Namespace', one.namespace],
    ['State', stateOf(one)],
  ];
  const known: readonly Pair[] = [
    ['Not Ready Because', one.notReadyBecause ?? ''],
    ['Rolled Back Because', one.rolledBackBecause ?? ''],
    ['Scaling', one.scaling ?? ''],
    ['Schedule', scheduleOf(one)],
    ['Created', one.createdAt ?? ''],
    ['Labels', mapOf(one.labels)],
    ['Annotations', mapOf(one.annotations)],
    ['Constraints', (one.constraints ?? []).join('\n')],
    ['Environment', mapOf(one.envVars)],
    ['Secrets', (one.secrets ?? []).map((name) => `- ${name}`).join('\n')],
    ['Read Only', one.readOnlyRootFilesystem ? 'yes' : ''],
    ['Requests', mapOf(one.requests)],
    ['Limits', mapOf(one.limits)],
    ['Usage', usageOf(one)],
  ];
  return formatPairs([...always, ...known.filter(([, value]) => wide || value !== '').map(([name, value]) => [name, value || '<none>'] as const)]);
}

function mapOf(values: object | undefined): string {
  return Object.entries(values ?? {}).sort(([a], [b]) => a.localeCompare(b, 'en')).map(([name, value]) => `${name}: ${value as string}`).join('\n');
}

function scheduleOf({ schedule }: FunctionStatus): string {
  if (!schedule) return '';
  const { cron, timeZone, missed, nextRun, lastRun } = schedule;
  return [`${cron} (${timeZone}), missed runs: ${missed}`, nextRun && `next: ${nextRun}`, lastRun && `last: ${lastRun}`].filter(Boolean).join('\n');
}

function usageOf({ usage }: FunctionStatus): string {
  if (!usage) return '';
  return [`RAM: ${((usage.totalMemoryBytes ?? 0) / BYTES_OF_MEBIBYTE).toFixed(2)} MB`, `CPU: ${Math.floor(usage.cpu ?? 0)} Mi`].join('\n');
}
