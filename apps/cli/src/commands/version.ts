import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { SystemInfo } from '../gateway/api';
import { openGateway, withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import { withSwitch } from '../switches';
import { note, say, type Terminal } from '../terminal';
import { version } from '../version';

interface VersionOptions extends GatewayOptions {
  readonly shortVersion?: boolean;
  readonly output: OutputFormat;
}

export function versionCommand(terminal: Terminal): Command {
  const command = withGatewayOptions(new Command('version'))
    .description("Tells this program's version, and the gateway's when it can be reached.")
    .option('--short-version', "print only this program's")
    .addOption(outputOption())
    .action((options: VersionOptions) => tellVersions(terminal, options));
  return withSwitch(command, 'warn-update', 'accepted, but nothing is ever looked up elsewhere', true);
}

async function tellVersions(terminal: Terminal, options: VersionOptions): Promise<void> {
  if (options.shortVersion) return say(terminal, version.release);
  const gateway = await openGateway(terminal, options);
  // Who asks for the version may be finding out why nothing answers.
  const info = await gateway.json<SystemInfo>('GET', '/system/info').catch((error: unknown) => (error instanceof CliError ? error : Promise.reject(error as Error)));
  const found = info instanceof CliError ? undefined : { uri: gateway.url, ...info };
  await print(terminal, options.output, { cli: version, ...(found ? { gateway: found } : {}) }, () => [
    'CLI:',
    ` commit:  ${version.sha}`,
    ` version: ${version.release}`,
    ...(found ? formatGateway(gateway.url, found) : []),
  ]);
  if (info instanceof CliError) note(terminal, `The gateway's is not known: ${info.message}.`);
}

function formatGateway(uri: string, { version: own, provider }: SystemInfo): readonly string[] {
  return [
    '',
    'Gateway:',
    ` uri:     ${uri}`,
    ` version: ${own?.release ?? ''}`,
    ` sha:     ${own?.sha ?? ''}`,
    '',
    'Provider:',
    ` name:          ${provider?.provider ?? ''}`,
    ` orchestration: ${provider?.orchestration ?? ''}`,
    ` version:       ${provider?.version?.release ?? ''}`,
    ` sha:           ${provider?.version?.sha ?? ''}`,
  ];
}
