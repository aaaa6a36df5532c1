import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { CliError } from '../cli-error';
import { readPassword, type PasswordOptions } from '../input/read-password';
import { withSwitch } from '../switches';
import { note, say, type Terminal } from '../terminal';

interface RegistryOptions extends PasswordOptions {
  readonly username?: string;
  readonly server: string;
  readonly ecr: boolean;
  readonly accountId?: string;
  readonly region?: string;
}

const FOLDER = 'credentials';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

export function registryLoginCommand(terminal: Terminal): Command {
  const command = new Command('registry-login')
    .description(`Writes credentials of an image registry to ./${FOLDER}/config.json, in the format of Docker's file. Nothing is asked of the registry.`)
    .option('-u, --username <name>', 'the user')
    .option('-p, --password <password>', 'the password; others on this machine can see it, so --password-stdin is better')
    .option('-s, --password-stdin', 'read the password from standard input')
    .option('--server <url>', 'the registry', 'https://index.docker.io/v1/')
    .option('--account-id <id>', 'with --ecr: the account')
    .option('--region <name>', 'with --ecr: the region')
    .action((options: RegistryOptions) => write(terminal, options));
  return withSwitch(command, 'ecr', "name Amazon's credential helper instead of a password");
}

async function write(terminal: Terminal, options: RegistryOptions): Promise<void> {
  const content = options.ecr ? ecrConfig(options) : await passwordConfig(terminal, options);
  const folder = join(terminal.cwd, FOLDER);
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(content, null, 2)}\n`, { mode: PRIVATE_FILE });
  say(terminal, `Wrote ./${FOLDER}/config.json`);
  note(terminal, 'Keep it out of version control.');
}

function ecrConfig({ accountId, region }: RegistryOptions): object {
  if (!accountId || !region) throw new CliError('usage', '--ecr needs --account-id and --region');
  return { credsStore: 'ecr-login', credHelpers: { [`${accountId}.dkr.ecr.${region}.amazonaws.com`]: 'ecr-login' } };
}

async function passwordConfig(terminal: Terminal, options: RegistryOptions): Promise<object> {
  const { username, server } = options;
  if (!username) throw new CliError('usage', 'the registry needs a user', 'name it with --username');
  const password = await readPassword(terminal, options, `Password of ${username} for ${server}`);
  return { auths: { [server]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } } };
}
