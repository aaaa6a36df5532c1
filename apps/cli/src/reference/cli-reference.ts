import { Command, type Argument, type Option } from 'commander';
import { EXIT_CODES, EXIT_MEANINGS, type ExitReason } from '../cli-error';
import { COMMANDS, GROUPS } from '../commands';
import { withGatewayOptions } from '../gateway/open-gateway';
import { ENVIRONMENT } from './environment';

const INTRODUCTION = `# The command line

\`shoal\` writes, deploys, calls and looks after functions. In a checkout it is \`./shoal\`; installed, it is \`shoal\`. This page is made from the
commands by \`node tools/write-docs.mjs\`. \`shoal help COMMAND\` tells the same.

People who know faas-cli find its commands and flags here, and their logins: they are read from its own file.
A flag such as \`--envsubst\` that is on or off also takes \`=true\` and \`=false\`. What follows \`--\` is never a flag.`;

const GATEWAY_TITLE = 'Flags for the gateway';

const CREDENTIALS = `## Logins

\`shoal login\` keeps them in \`~/.shoal/config.yml\`, which only its owner may read (0600), in the shape of faas-cli's file:

\`\`\`yaml
auths:
  - gateway: http://127.0.0.1:8080
    auth: basic
    token: <base64 of USER:PASSWORD>
\`\`\`

A gateway that is not there is looked for in faas-cli's own file. No command takes a password as an argument that it could not
take from standard input or a prompt, so none has to be in a shell's history.`;

/** The page `docs/cli.md`. @param program with all commands loaded. */
export function cliReference(program: Command): string {
  const shared = visible(withGatewayOptions(new Command()));
  const sections = GROUPS.flatMap((group) => {
    const names = new Set(COMMANDS.filter((entry) => entry.group === group).map(({ name }) => name));
    return [`## ${group}`, ...program.commands.filter((one) => names.has(one.name())).flatMap((one) => sectionsOf(one, 'shoal', shared))];
  });
  const reasons = Object.keys(EXIT_CODES) as ExitReason[];
  return `${[
    INTRODUCTION,
    formatContents(program),
    `## ${GATEWAY_TITLE}\n\nAll commands that speak to a gateway have them.\n\n${formatOptions(shared)}`,
    ...sections,
    `## Exit codes\n\n${formatTable(['code', 'meaning'], reasons.map((reason) => [String(EXIT_CODES[reason]), EXIT_MEANINGS[reason]]))}`,
    `## Environment\n\n${formatTable(['variable', 'meaning'], Object.entries(ENVIRONMENT).map(([name, meaning]) => [`\`${name}\``, meaning]))}`,
    CREDENTIALS,
  ].join('\n\n')}\n`;
}

/** The options that help shows. */
export function visible(command: Command): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

function formatContents(program: Command): string {
  return GROUPS.map((group) => {
    const entries = COMMANDS.filter((entry) => entry.group === group);
    const rows = program.commands.flatMap((one) => (entries.some(({ name }) => name === one.name()) ? [[`[\`${one.name()}\`](#shoal-${one.name()})`, one.summary()]] : []));
    return formatTable([group, ''], rows);
  }).join('\n\n');
}

function sectionsOf(command: Command, parent: string, shared: readonly Option[]): readonly string[] {
  const name = `${parent} ${command.name()}`;
  const own = visible(command);
  const isShared = (option: Option) => shared.some(({ flags, description }) => flags === option.flags && description === option.description);
  const speaks = shared.every((one) => own.some(({ flags, description }) => flags === one.flags && description === one.description));
  const listed = speaks ? own.filter((option) => !isShared(option)) : own;
  const others = command.aliases().map((alias) => `\`${alias}\``);
  return [
    `### ${name}`,
    [command.description() || sentence(command.summary()), others.length > 0 ? ` Also ${others.join(' or ')}.` : ''].join(''),
    // A command that only has others below it is not run by itself.
    ...(command.commands.length > 0 && own.length === 0 ? [] : [`\`\`\`\n${name} ${command.usage()}\n\`\`\``]),
    ...formatArguments(command.registeredArguments),
    ...(listed.length > 0 ? [formatOptions(listed)] : []),
    ...(speaks ? [`And the [${GATEWAY_TITLE.toLowerCase()}](#${GATEWAY_TITLE.toLowerCase().replaceAll(' ', '-')}).`] : []),
    ...command.commands.flatMap((child) => (child.name() === 'help' ? [] : sectionsOf(child, name, shared))),
  ];
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}

function formatArguments(args: readonly Argument[]): readonly string[] {
  const told = args.filter(({ description }) => description !== '');
  if (told.length === 0) return [];
  return [formatTable(['argument', ''], told.map((one) => [`\`${one.name()}\``, withChoices(one.description, one.argChoices)]))];
}

function formatOptions(options: readonly Option[]): string {
  return formatTable(['flag', '', 'default'], options.map((one) => [`\`${one.flags}\``, withChoices(one.description, one.argChoices), defaultOf(one)]));
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? description : `${description} (${choices.map((one) => `\`${one}\``).join(', ')})`;
}

/** What is off, empty or not there initially says nothing. */
function defaultOf({ defaultValue, defaultValueDescription }: Option): string {
  const value = defaultValueDescription ?? (typeof defaultValue === 'string' || typeof defaultValue === 'number' ? String(defaultValue) : '');
  return value === '' ? '' : `\`${value}\``;
}

function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(headings), `|${headings.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
