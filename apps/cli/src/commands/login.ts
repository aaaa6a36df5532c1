import { Command } from 'commander';
import { CliError } from '../cli-error';
import { saveLogin } from '../gateway/credentials';
import { GatewayClient } from '../gateway/gateway-client';
import { openGateway, withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { readPassword, type PasswordOptions } from '../input/read-password';
import { note, say, type Terminal } from '../terminal';

interface LoginOptions extends GatewayOptions, PasswordOptions {
  readonly username: string;
}

export function loginCommand(terminal: Terminal): Command {
  return withGatewayOptions(new Command('login'), { timeout: '5s' })
    .description('Checks user and password with the gateway, and keeps them for its URL in a file that only you can read.')
    .option('-u, --username <name>', 'the user', 'admin')
    .option('-p, --password <password>', 'the password; others on this machine can see it, so --password-stdin is better')
    .option('-s, --password-stdin', 'read the password from standard input')
    .action((options: LoginOptions) => login(terminal, options));
}

async function login(terminal: Terminal, options: LoginOptions): Promise<void> {
  const { username } = options;
  if (username === '' || username.includes(':')) throw new CliError('usage', 'the name of a user is not empty and has no colon');
  const kept = await openGateway(terminal, options);
  const password = await readPassword(terminal, options, `Password of ${username} for ${kept.url}`);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  note(terminal, 'Calling the gateway to validate the credentials...');
  const gateway = new GatewayClient({ ...kept.options, authorization });
  const answer = await gateway.send('GET', '/system/functions');
  if (answer.status === 401) {
    answer.body.resume();
    throw new CliError('unauthorized', 'unable to login, either username or password is incorrect', 'the gateway shows the password at its first start; docs/security.md says how to set another');
  }
  if (answer.status !== 200) throw await gateway.refusal(answer);
  answer.body.resume();
  const file = await saveLogin(terminal, gateway.url, username, password);
  say(terminal, `credentials saved for ${username} ${gateway.url}`);
  note(terminal, `They are in ${file}.`);
}
