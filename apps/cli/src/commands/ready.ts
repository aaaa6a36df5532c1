import { setTimeout as pause } from 'node:timers/promises';
import { formatDuration } from '@shoal/domain/shared/duration';
import { Command, InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error';
import type { FunctionStatus } from '../gateway/api';
import { qualifiedName } from '../gateway/function-name';
import type { GatewayClient } from '../gateway/gateway-client';
import { durationOption, openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { withProgress } from '../output/progress';
import { say, type Terminal } from '../terminal';

interface ReadyOptions extends GatewayOptions {
  readonly namespace?: string;
  readonly attempts: number;
  /** Milliseconds. */
  readonly interval: number;
}

const OK = 200;

export function readyCommand(terminal: Terminal): Command {
  return withNamespace(withGatewayOptions(new Command('ready')))
    .description('Waits until the gateway is ready, or a function has a replica that takes calls.')
    .argument('[name]', 'of a function; the gateway itself when left out')
    .option('--attempts <n>', 'how often to look', parseAttempts, 60)
    .addOption(durationOption('--interval <duration>', 'how long between two looks', '1s'))
    .action((name: string | undefined, options: ReadyOptions) => waitFor(terminal, name, options));
}

async function waitFor(terminal: Terminal, name: string | undefined, options: ReadyOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const what = name ?? gateway.url;
  const { attempts, interval } = options;
  await withProgress(terminal, `Waiting for ${what}`, async (tell) => {
    for (let attempt = 1; ; attempt++) {
      const problem = await problemOf(gateway, name === undefined ? undefined : qualifiedName(name, options.namespace));
      if (problem === undefined) return;
      if (attempt === attempts) throw new CliError('timeout', `${what} is not ready after ${attempts} ${attempts === 1 ? 'look' : 'looks'}, one each ${formatDuration(interval)}: ${problem}`);
      tell(problem);
      await pause(interval, undefined, { signal: terminal.signal });
    }
  });
  say(terminal, `${what} is ready.`);
}

/** Why it is not ready; what cannot change by waiting is thrown. */
async function problemOf(gateway: GatewayClient, name: string | undefined): Promise<string | undefined> {
  try {
    if (name === undefined) {
      const { status, body } = await gateway.send('GET', '/healthz', { anonymous: true });
      body.resume();
      return status === OK ? undefined : `it answers ${status}`;
    }
    const { availableReplicas, replicas, notReadyBecause } = await gateway.json<FunctionStatus>('GET', `/system/function/${encodeURIComponent(name)}`);
    if (availableReplicas > 0) return undefined;
    return notReadyBecause ?? (replicas === 0 ? 'it sleeps' : 'its replicas are starting');
  } catch (error) {
    if (!(error instanceof CliError) || !['unreachable', 'timeout', 'notFound'].includes(error.reason)) throw error;
    return error.message;
  }
}

function parseAttempts(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
}
