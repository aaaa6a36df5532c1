import { Command, InvalidArgumentError } from 'commander';
import { qualifiedName, UNKNOWN_FUNCTION } from '../gateway/function-name';
import { durationOption, openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { waitUntilReady } from '../gateway/wait-until-ready';
import { withProgress } from '../output/progress';
import { withSwitch } from '../switches';
import { say, type Terminal } from '../terminal';

interface ScaleOptions extends GatewayOptions {
  readonly namespace?: string;
  readonly wait: boolean;
  readonly waitTimeout: number;
}

export function scaleCommand(terminal: Terminal): Command {
  const command = withNamespace(withGatewayOptions(new Command('scale')))
    .description('Sets how many replicas a function has, until its load says otherwise. 0 puts it to sleep; the next call wakes it.')
    .argument('<name>', 'NAME or NAME.NAMESPACE')
    .argument('<replicas>', 'how many', parseReplicas)
    .addOption(durationOption('--wait-timeout <duration>', 'how long they may take to become ready', '2m'))
    .action((name: string, replicas: number, options: ScaleOptions) => scale(terminal, name, replicas, options));
  return withSwitch(command, 'wait', 'wait until a replica is ready');
}

async function scale(terminal: Terminal, name: string, replicas: number, options: ScaleOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const full = qualifiedName(name, options.namespace);
  const { body } = await gateway.ask('POST', `/system/scale-function/${encodeURIComponent(full)}`, { body: { serviceName: name, replicas }, hints: UNKNOWN_FUNCTION });
  body.resume();
  say(terminal, replicas === 0 ? `${name} sleeps until it is called.` : `${name} is asked for ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}.`);
  if (!options.wait) return;
  const status = await withProgress(terminal, `Waiting for ${name}`, (tell) => waitUntilReady(gateway, full, { namespace: undefined, timeoutMs: options.waitTimeout, atLeast: replicas, tell }));
  say(terminal, `Ready: ${status.availableReplicas} of ${status.replicas} replicas.`);
}

function parseReplicas(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}
