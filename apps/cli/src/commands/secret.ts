import { isUtf8 } from 'node:buffer';
import { Command } from 'commander';
import { CliError } from '../cli-error';
import { openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { askSecretly } from '../input/ask-password';
import { readInput, readNamedFile } from '../input/read-input';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatTable } from '../output/table';
import { withSwitch } from '../switches';
import { note, say, type Terminal } from '../terminal';

interface SecretOptions extends GatewayOptions {
  readonly namespace?: string;
}

interface ValueOptions extends SecretOptions {
  readonly fromFile?: string;
  readonly fromLiteral?: string;
  readonly trim: boolean;
}

interface ListOptions extends SecretOptions {
  readonly output: OutputFormat;
}

const PATH = '/system/secrets';
/** More than any backend keeps. */
const MAX_SECRET_BYTES = 1024 * 1024;

export function secretCommand(terminal: Terminal): Command {
  return new Command('secret')
    .description('Creates, replaces, lists and removes secrets that functions may read. A value never comes back out.')
    .addCommand(valueCommand('create', 'create a secret').action((name: string, options: ValueOptions) => put(terminal, 'POST', name, options)))
    .addCommand(valueCommand('update', 'replace the value of a secret').alias('u').action((name: string, options: ValueOptions) => put(terminal, 'PUT', name, options)))
    .addCommand(
      withNamespace(withGatewayOptions(new Command('list')))
        .alias('ls')
        .description('list the names of secrets')
        .addOption(outputOption())
        .action((options: ListOptions) => list(terminal, options)),
    )
    .addCommand(
      withNamespace(withGatewayOptions(new Command('remove')))
        .alias('rm')
        .description('remove a secret that no function uses')
        .argument('<name>', 'of the secret')
        .action((name: string, options: SecretOptions) => remove(terminal, name, options)),
    );
}

function valueCommand(name: string, description: string): Command {
  const command = withNamespace(withGatewayOptions(new Command(name)))
    .description(`${description}; the value comes from standard input, or is asked for`)
    .argument('<name>', 'of the secret')
    .option('--from-file <file>', 'take the value from a file')
    .option('--from-literal <value>', 'the value itself; others on this machine can see it');
  return withSwitch(command, 'trim', 'keep white space at the end of the value', true);
}

async function put(terminal: Terminal, method: 'POST' | 'PUT', name: string, options: ValueOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const value = await readValue(terminal, name, options);
  const { namespace } = options;
  // Bytes that are no text would be damaged as text.
  const carried = isUtf8(value) ? { value: value.toString('utf8') } : { rawValue: value.toString('base64') };
  const { status, body } = await gateway.ask(method, PATH, {
    body: { name, ...(namespace === undefined ? {} : { namespace }), ...carried },
    hints: { conflict: `to replace its value: shoal secret update ${name}`, notFound: `to create it: shoal secret create ${name}` },
  });
  body.resume();
  say(terminal, method === 'POST' ? `Created: ${status} Created` : `Updated: ${status} Accepted`);
}

async function readValue(terminal: Terminal, name: string, options: ValueOptions): Promise<Buffer> {
  const value = await valueOf(terminal, name, options);
  const trimmed = options.trim && isUtf8(value) ? Buffer.from(value.toString('utf8').trimEnd()) : value;
  if (trimmed.length === 0) throw new CliError('usage', `the value of the secret ${name} is empty`);
  return trimmed;
}

async function valueOf(terminal: Terminal, name: string, { fromFile, fromLiteral }: ValueOptions): Promise<Buffer> {
  if (fromFile !== undefined && fromLiteral !== undefined) throw new CliError('usage', 'give either --from-file or --from-literal');
  if (fromFile !== undefined) return await readNamedFile('--from-file', fromFile);
  if (fromLiteral !== undefined) {
    note(terminal, 'Others on this machine can see what --from-literal says, and the history of the shell keeps it; standard input is better.');
    return Buffer.from(fromLiteral);
  }
  if (terminal.stdin.isTTY) return Buffer.from(await askSecretly(terminal, `Value of ${name}`));
  return await readInput(terminal, 'the value', MAX_SECRET_BYTES);
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const secrets = await gateway.json<readonly { readonly name: string; readonly namespace?: string }[]>('GET', PATH, { query: { namespace: options.namespace } });
  await print(terminal, options.output, secrets, (wide) =>
    wide ? formatTable(['NAME', 'NAMESPACE'], secrets.map(({ name, namespace = '' }) => [name, namespace])) : formatTable(['NAME'], secrets.map(({ name }) => [name])),
  );
}

async function remove(terminal: Terminal, name: string, options: SecretOptions): Promise<void> {
  const gateway = await openGateway(terminal, options);
  const { namespace } = options;
  const { body } = await gateway.ask('DELETE', PATH, {
    body: { name, ...(namespace === undefined ? {} : { namespace }) },
    query: { namespace },
    hints: { notFound: 'shoal secret list shows those that there are', conflict: 'deploy the functions without it first' },
  });
  body.resume();
  say(terminal, 'Removed.. OK.');
}
