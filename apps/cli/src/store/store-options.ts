import type { Command } from 'commander';
import { CliError } from '../cli-error';
import type { SystemInfo } from '../gateway/api';
import type { GatewayClient } from '../gateway/gateway-client';
import { withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { listOption } from '../pair-option';
import { parsePlatform, platformOf } from './platform';

export interface StoreOptions extends GatewayOptions {
  readonly url?: readonly string[];
  readonly platform?: string;
}

/** Adds what all of `shoal store` have: which store, and for what the functions have to be made. */
export function withStoreOptions(command: Command): Command {
  return withGatewayOptions(command)
    .addOption(listOption('-u, --url <source>', 'a store: the URL or the file of one, or a folder of bundles; may be given several times (default: what comes with shoal)'))
    .option('-p, --platform <name>', "x86_64, arm64, armhf or local (default: the gateway's)");
}

/** The platform that was chosen, else the gateway's. Rejects as the gateway does. */
export async function askPlatform(gateway: GatewayClient, chosen: string | undefined): Promise<string> {
  if (chosen !== undefined) return parsePlatform(chosen);
  const platform = platformOf(await gateway.json<SystemInfo>('GET', '/system/info'));
  if (platform === undefined) throw new CliError('failed', `${gateway.url} does not say which processor it has`, 'choose one with --platform');
  return platform;
}
