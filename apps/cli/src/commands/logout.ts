import { Command } from 'commander';
import { CliError } from '../cli-error';
import { findAuthorization, removeLogin } from '../gateway/credentials';
import { openGateway, withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { note, say, type Terminal } from '../terminal';

export function logoutCommand(terminal: Terminal): Command {
  return withGatewayOptions(new Command('logout'))
    .description('Forgets user and password of a gateway.')
    .action((options: GatewayOptions) => logout(terminal, options));
}

async function logout(terminal: Terminal, options: GatewayOptions): Promise<void> {
  const { url } = await openGateway(terminal, options);
  const removed = await removeLogin(terminal, url);
  const other = (await findAuthorization(terminal, url)) !== undefined;
  if (removed) say(terminal, `credentials removed for ${url}`);
  if (other) note(terminal, `faas-cli keeps credentials for ${url} too, and they still count; faas-cli logout removes them.`);
  if (!removed && !other) throw new CliError('notFound', `no credentials are kept for ${url}`);
}
