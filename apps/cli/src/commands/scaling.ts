import { formatDuration } from '@shoal/domain/shared/duration';
import { Command } from 'commander';
import type { ScalingRecord, ScalingStatus } from '../gateway/api';
import { qualifiedName, UNKNOWN_FUNCTION } from '../gateway/function-name';
import { openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatPairs, formatTable } from '../output/table';
import type { Terminal } from '../terminal';

interface ScalingOptions extends GatewayOptions {
  readonly namespace?: string;
  readonly output: OutputFormat;
}

export function scalingCommand(terminal: Terminal): Command {
  return withNamespace(withGatewayOptions(new Command('scaling')))
    .description('Explains why a function has as many replicas as it has: its policy, the last look, and what was changed before, with reasons.')
    .argument('<name>', 'NAME or NAME.NAMESPACE')
    .addOption(outputOption())
    .action((name: string, options: ScalingOptions) => explain(terminal, name, options));
}

async function explain(terminal: Terminal, name: string, options: ScalingOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const path = `/system/function/${encodeURIComponent(qualifiedName(name, options.namespace))}/scaling`;
  const status = await gateway.json<ScalingStatus>('GET', path, { hints: UNKNOWN_FUNCTION });
  await print(terminal, options.output, status, (wide) => [...formatNow(status), '', ...formatChanges(status.changes, wide)]);
}

function formatNow({ policy, problem, now }: ScalingStatus): readonly string[] {
  const pairs: (readonly [string, string])[] = [];
  if (problem !== undefined) pairs.push(['Problem', problem]);
  if (policy) {
    const { type, min, max, target, targetProportion, zero, zeroAfterMs } = policy;
    pairs.push(['Policy', `${type}, ${min} to ${max} replicas, each for ${target} (aims at ${Math.round(targetProportion * 100)} %)`]);
    pairs.push(['To zero', zero ? `when idle for ${formatDuration(zeroAfterMs)}` : 'never']);
  }
  if (!now) return formatPairs([...pairs, ['Now', 'not looked at yet']]);
  return formatPairs([...pairs, ['Now', `${now.to} replicas, ${now.ready} ready: ${now.because}`], ...(now.formula === '' ? [] : [['Arithmetic', now.formula] as const])]);
}

function formatChanges(changes: readonly ScalingRecord[], wide: boolean): readonly string[] {
  if (changes.length === 0) return ['Nothing has been changed since the gateway started.'];
  const headings = ['When', 'From', 'To', ...(wide ? ['Reason', 'Load', 'Waiting', 'Arithmetic'] : []), 'Because'];
  return formatTable(
    headings,
    changes.map(({ at, from, to, reason, load, waiting, formula, because, error }) => [
      at,
      String(from),
      String(to),
      ...(wide ? [reason, load === undefined ? '-' : String(Math.round(load * 100) / 100), String(waiting), formula] : []),
      error === undefined ? because : `${because}; not done: ${error}`,
    ]),
  );
}
