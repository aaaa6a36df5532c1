import type { Command as CommandType, HelpConfiguration, Option } from 'commander';
import { CliError, EXIT_CODES } from './cli-error';
import { COMMANDS, GROUPS, type CommandEntry } from './commands';
import { colourFor } from './output/colour';
import { tellError } from './output/tell-error';
import { goSwitches } from './switches';
import { note, say, type Terminal } from './terminal';
import { version } from './version';

/**
 * Runs one command line, without the program's own name. Everything that goes wrong is told on standard error.
 *
 * @returns the exit code, of `EXIT_CODES`.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  // Scripts ask for it before anything else, and often.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    say(terminal, version.release);
    return EXIT_CODES.ok;
  }
  try {
    const entry = findEntry(args);
    const program = await createProgram(terminal, ...(entry?.looksAtAll ? COMMANDS : [entry]));
    if (args.length === 0) program.help();
    await program.parseAsync(goSwitches(program, args), { from: 'user' });
    return EXIT_CODES.ok;
  } catch (error) {
    return await tell(error, terminal);
  }
}

/** The program with the whole of `wanted` commands, and of the others the names only: what they need takes time to load. */
export async function createProgram(terminal: Terminal, ...wanted: readonly (CommandEntry | undefined)[]): Promise<CommandType> {
  const { Command, Help } = await import('commander');
  const program = new Command('shoal')
    .description('Turns any process into an HTTP function with a URL, metrics and scaling, on hardware you own.')
    .option('-V, --version', 'print the version of this program')
    .helpCommand('help [command]', 'tell how a command is used')
    .addHelpText('after', '\nA first function: shoal new hello --lang node && shoal up\nWhat is here and what is missing: shoal doctor');
  for (const group of GROUPS) {
    program.commandsGroup(`${group}:`);
    for (const entry of COMMANDS.filter((one) => one.group === group)) {
      const command = wanted.includes(entry) ? await entry.load(terminal) : new Command(entry.name);
      program.addCommand(command.summary(entry.summary).aliases(entry.aliases ?? []));
    }
  }
  const standard = new Help();
  // That what is off is off, and that nothing was given, goes without saying.
  const optionDescription = (option: Option) => standard.optionDescription(option).replace(/ \(default: (false|\[\])\)$/, '');
  prepare(program, terminal, { optionDescription });
  return program;
}

/** Sub-commands inherit nothing of this by themselves. */
function prepare(command: CommandType, terminal: Terminal, help: HelpConfiguration): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: (text) => void terminal.stdout.write(text), writeErr: (text) => void terminal.stderr.write(text), outputError: () => undefined })
    .configureHelp({ helpWidth: terminal.stdout.columns ?? 100, showGlobalOptions: false, ...help });
  for (const child of command.commands) prepare(child, terminal, help);
}

function findEntry(args: readonly string[]): CommandEntry | undefined {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const word = words[0] === 'help' ? words[1] : words[0];
  return COMMANDS.find(({ name, aliases }) => name === word || (word !== undefined && aliases?.includes(word)));
}

async function tell(error: unknown, terminal: Terminal): Promise<number> {
  const red = colourFor(terminal, 'stderr');
  const { CommanderError } = await import('commander');
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT_CODES.ok;
    // A command of commands, without one: it has shown its help.
    if (error.code === 'commander.help') return EXIT_CODES.usage;
    note(terminal, red(error.message.replace(/^error: /, 'Error: '), 'red'), 'The same with --help tells what there is.');
    return EXIT_CODES.usage;
  }
  if (terminal.signal.aborted) {
    note(terminal, 'Interrupted.');
    return EXIT_CODES.interrupted;
  }
  if (error instanceof CliError) {
    tellError(terminal, error);
    return EXIT_CODES[error.reason];
  }
  const { code, message, stack } = error as NodeJS.ErrnoException;
  // The system's own refusals (no room, no right) say what is wrong; all else is a defect of ours, and its place counts.
  note(terminal, red(`Error: ${code === undefined ? (stack ?? String(error)) : message}`, 'red'));
  return EXIT_CODES.failed;
}
