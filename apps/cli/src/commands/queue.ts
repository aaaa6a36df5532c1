import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { CallStatus, DeadLetter, QueueOfFunction } from '../gateway/api';
import type { GatewayClient } from '../gateway/gateway-client';
import { openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatPairs, formatTable } from '../output/table';
import { say, type Terminal } from '../terminal';

interface ShowOptions extends GatewayOptions {
  readonly output: OutputFormat;
}

interface ListOptions extends ShowOptions {
  readonly dead?: boolean;
  readonly function?: string;
  readonly namespace?: string;
}

interface DeadOptions extends GatewayOptions {
  readonly all?: boolean;
  readonly function?: string;
  readonly namespace?: string;
}

const DEAD = '/system/queue/dead';
/** Dead letters that the gateway lists at once. */
const PAGE = 1_000;
const HINTS = { notFound: 'an id is what invoke --async printed; shoal queue list --dead shows those that failed for good' } as const;

export function queueCommand(terminal: Terminal): Command {
  return new Command('queue')
    .description('Looks after calls that run later: what waits, how one stands, and what to do with those that failed for good.')
    .addCommand(
      withNamespace(withGatewayOptions(new Command('list')))
        .description('tell how many calls wait, run and have failed, by function')
        .option('--dead', 'list the calls that failed for good')
        .option('--function <name>', 'only of this function')
        .addOption(outputOption())
        .action((options: ListOptions) => (options.dead ? listDead(terminal, options) : list(terminal, options))),
    )
    .addCommand(
      ofCall('show', 'show how a call stands, and its result')
        .addOption(outputOption())
        .action((id: string, options: ShowOptions) => show(terminal, id, options)),
    )
    .addCommand(ofCall('cancel', 'cancel a call that has not ended').action((id: string, options: GatewayOptions) => cancel(terminal, id, options)))
    .addCommand(ofDead('redrive', 'send calls that failed for good again, as new').action((id: string | undefined, options: DeadOptions) => change(terminal, 'redrive', id, options)))
    .addCommand(ofDead('purge', 'forget calls that failed for good').action((id: string | undefined, options: DeadOptions) => change(terminal, 'purge', id, options)));
}

function ofCall(name: string, description: string): Command {
  return withGatewayOptions(new Command(name)).description(description).argument('<id>', 'of the call');
}

function ofDead(name: string, description: string): Command {
  return withNamespace(withGatewayOptions(new Command(name)))
    .description(description)
    .argument('[id]', 'of one call')
    .option('--all', 'all of them')
    .option('--function <name>', 'with --all: only of this function');
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const wanted = options.function === undefined ? undefined : `${options.function}.`;
  const queues = (await gateway.json<readonly QueueOfFunction[]>('GET', '/system/queue')).filter((one) => wanted === undefined || `${one.function}.`.startsWith(wanted));
  await print(terminal, options.output, queues, () =>
    queues.length === 0
      ? ['No calls wait, run or have failed.']
      : formatTable(
          ['Function', 'Queued', 'Running', 'Unfinished', 'Callbacks', 'Dead', 'PerSecond', 'Oldest'],
          queues.map((one) => [one.function, ...[one.queued, one.running, one.unfinished, one.callbacks, one.dead, one.perSecond].map(String), one.oldestSeconds === undefined ? '-' : `${one.oldestSeconds}s`]),
        ),
  );
}

async function listDead(terminal: Terminal, options: ListOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const query = { function: options.function, namespace: options.namespace, limit: String(PAGE) };
  const calls: CallStatus[] = [];
  for (let after: string | undefined; ; after = calls.at(-1)!.id) {
    const page = await gateway.json<readonly CallStatus[]>('GET', DEAD, { query: { ...query, after } });
    calls.push(...page);
    if (page.length < PAGE) break;
  }
  await print(terminal, options.output, calls, () =>
    calls.length === 0
      ? ['No calls have failed for good.']
      : formatTable(['Id', 'Function', 'Ended', 'Attempts', 'Outcome'], calls.map((call) => [call.id, call.function, call.endedAt ?? '', String(call.attempts), outcomeOf(call)])),
  );
}

async function show(terminal: Terminal, id: string, options: ShowOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const call = await gateway.json<CallStatus>('GET', pathOf(id), { hints: HINTS });
  // What it was sent with is told of one that failed for good.
  const dead = call.state === 'failed' ? await gateway.json<DeadLetter>('GET', `${DEAD}/${encodeURIComponent(id)}`).catch(ifMissing) : undefined;
  const found = { ...call, ...dead };
  await print(terminal, options.output, found, () => formatCall(found));
}

/** It may have been redriven or purged meanwhile. */
function ifMissing(error: unknown): undefined {
  if (error instanceof CliError && error.reason === 'notFound') return undefined;
  throw error;
}

function formatCall(call: CallStatus & Partial<DeadLetter>): readonly string[] {
  const { result, callback } = call;
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ['Id', call.id],
    ['Function', call.function],
    ['Request', call.method === undefined ? undefined : `${call.method} ${call.path}, ${call.bodyBytes} bytes`],
    ['State', call.state],
    ['Accepted', call.acceptedAt],
    ['Started', call.startedAt],
    ['Ended', call.endedAt],
    ['Next attempt', call.nextAttemptAt],
    ['Attempts', `${call.attempts}${call.refusals > 0 ? `, ${call.refusals} of them without room` : ''}`],
    ['Outcome', call.outcome ? outcomeOf(call) : undefined],
    ['Callback', callback && `${callback.state} after ${callback.attempts} attempts, ${callback.url}${callback.message === undefined ? '' : `: ${callback.message}`}`],
    ['Result', result && (result.body === undefined ? 'longer than what is kept' : result.encoding === 'base64' ? `base64: ${result.body}` : result.body.trimEnd())],
  ];
  return formatPairs(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}

function outcomeOf({ outcome }: CallStatus): string {
  if (!outcome) return '-';
  const { status, code, message, durationMs } = outcome;
  return [status ?? code, message].filter((part) => part !== undefined).join(': ') + ` (${durationMs} ms)`;
}

async function cancel(terminal: Terminal, id: string, options: GatewayOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  (await gateway.ask('DELETE', pathOf(id), { hints: HINTS })).body.resume();
  say(terminal, `Cancelled: ${id}`);
}

async function change(terminal: Terminal, what: 'redrive' | 'purge', id: string | undefined, options: DeadOptions): Promise<void> {
  if ((id === undefined) === !options.all) throw new CliError('usage', `say what to ${what}: the id of a call, or --all`);
  if (options.function !== undefined && !options.all) throw new CliError('usage', '--function goes with --all');
  const gateway = await openGateway(terminal, options);
  const calls = await changeDead(gateway, what, id, options);
  say(terminal, `${what === 'redrive' ? 'Sent again' : 'Forgotten'}: ${calls} ${calls === 1 ? 'call' : 'calls'}`);
}

async function changeDead(gateway: GatewayClient, what: 'redrive' | 'purge', id: string | undefined, options: DeadOptions): Promise<number> {
  const one = id === undefined ? DEAD : `${DEAD}/${encodeURIComponent(id)}`;
  const [method, path] = what === 'redrive' ? ['POST', `${one}/redrive`] : ['DELETE', one];
  const query = id === undefined ? { function: options.function, namespace: options.namespace } : {};
  return (await gateway.json<{ readonly calls: number }>(method, path, { query, hints: HINTS })).calls;
}

function pathOf(id: string): string {
  return `/async-function/calls/${encodeURIComponent(id)}`;
}
