import { CliError } from '../cli-error';
import type { Env } from '../terminal';

export const DEFAULT_GATEWAY = 'http://127.0.0.1:8080';

export interface GatewayChoice {
  /** `--gateway`. */
  readonly flag: string | undefined;
  /** `provider.gateway` of the stack file. */
  readonly inFile: string | undefined;
  readonly env: Env;
}

/**
 * Which gateway is meant: the first of `--gateway`, the stack file, SHOAL_GATEWAY, OPENFAAS_URL that says another than the
 * default (wire contract §7.1).
 *
 * @returns its URL without a slash at its end. Rejects with `usage` what is no URL.
 */
export function gatewayUrl({ flag, inFile, env }: GatewayChoice): string {
  const given = [flag, inFile, env['SHOAL_GATEWAY'], env['OPENFAAS_URL']].map((text) => text?.trim());
  const chosen = given.filter((text) => text !== undefined && text !== '').map((text) => normalise(text!));
  return chosen.find((url) => url !== DEFAULT_GATEWAY) ?? DEFAULT_GATEWAY;
}

/** Host and scheme in lower case, `http://` where there is no scheme, and no slash at the end: what credentials are found by. */
function normalise(text: string): string {
  const withScheme = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw new CliError('usage', `the gateway ${text} is no URL`, `such as ${DEFAULT_GATEWAY}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError('usage', 'the URL of the gateway must not hold a password: others on this machine can see it', 'use shoal login --password-stdin instead');
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
