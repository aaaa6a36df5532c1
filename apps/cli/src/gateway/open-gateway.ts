import { parseDurationMs } from '@shoal/domain/shared/duration';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadStackFile } from '../stack/stack-file';
import { withSwitch } from '../switches';
import type { Terminal } from '../terminal';
import { version } from '../version';
import { findAuthorization } from './credentials';
import { GatewayClient } from './gateway-client';
import { gatewayUrl } from './gateway-url';

export interface GatewayOptions {
  readonly gateway?: string;
  readonly token?: string;
  readonly tlsNoVerify?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  readonly yaml?: string;
  readonly envsubst: boolean;
}

export interface TimeoutHelp {
  /** The default; `0s` is for ever. */
  readonly timeout?: string;
  /** What it bounds in this command. */
  readonly bounds?: string;
}

/** Adds what every command has that speaks to a gateway. */
export function withGatewayOptions(command: Command, { timeout = '60s', bounds = 'how long the gateway may take to answer' }: TimeoutHelp = {}): Command {
  command
    .option('-g, --gateway <url>', 'the gateway (default: of the stack file, SHOAL_GATEWAY, OPENFAAS_URL, http://127.0.0.1:8080)')
    .option('-k, --token <token>', 'a token instead of a login')
    .option('--tls-no-verify', 'accept any certificate')
    .addOption(durationOption('--timeout <duration>', bounds, timeout))
    .option('-f, --yaml <file>', 'the stack file, or its URL (default: stack.yaml or stack.yml here)');
  return withSwitch(command, 'envsubst', 'leave ${…} in the stack file as it is', true);
}

/** Adds `--namespace`. */
export function withNamespace(command: Command): Command {
  return command.option('-n, --namespace <name>', "the namespace (default: the gateway's own)");
}

/** An option such as `--since 10m`; its value is in milliseconds, `undefined` without a default. */
export function durationOption(flags: string, description: string, initially?: string): Option {
  const option = new Option(flags, description).argParser(parseDuration);
  return initially === undefined ? option : option.default(parseDuration(initially), initially);
}

function parseDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a duration such as 500ms, 30s or 1h30m.');
  return ms;
}

/** The gateway that the options, the stack file and the environment name, with the credentials that are kept for it. */
export async function openGateway(terminal: Terminal, options: GatewayOptions): Promise<GatewayClient> {
  const inFile = options.gateway === undefined ? await gatewayInFile(terminal, options) : undefined;
  return await connectTo(terminal, options, gatewayUrl({ flag: options.gateway, inFile, env: terminal.env }));
}

/** As `openGateway`, for a command that has read the stack file already. */
export async function connectTo(terminal: Terminal, { token, tlsNoVerify, timeout }: GatewayOptions, url: string): Promise<GatewayClient> {
  const kept = await findAuthorization(terminal, url);
  return new GatewayClient({
    url,
    authorization: kept ?? (token === undefined ? undefined : `Bearer ${token}`),
    timeoutMs: timeout,
    verifyTls: !tlsNoVerify,
    userAgent: `shoal/${version.release}`,
    signal: terminal.signal,
  });
}

async function gatewayInFile({ cwd, env }: Terminal, { yaml, envsubst }: GatewayOptions): Promise<string | undefined> {
  return (await loadStackFile({ file: yaml, cwd, env, envsubst }))?.provider.gateway;
}
