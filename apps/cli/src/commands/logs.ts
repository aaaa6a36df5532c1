import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error';
import type { LogLine } from '../gateway/api';
import { UNKNOWN_FUNCTION } from '../gateway/function-name';
import { durationOption, openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { parseTimeLayout } from '../log/go-time';
import { formatLogLine, LOG_FORMATS, type LogFormat } from '../log/log-format';
import { readLines } from '../log/read-lines';
import { withSwitch } from '../switches';
import { note, say, type Terminal } from '../terminal';

interface LogsOptions extends GatewayOptions, Pick<LogFormat, 'output' | 'name' | 'instance'> {
  readonly namespace?: string;
  readonly follow: boolean;
  readonly tail: boolean;
  readonly lines: number;
  /** Milliseconds. */
  readonly since?: number;
  readonly sinceTime?: string;
  readonly call?: string;
  readonly replica?: string;
  readonly timeFormat: string;
}

const ALL_LINES = -1;

export function logsCommand(terminal: Terminal): Command {
  const command = withNamespace(withGatewayOptions(new Command('logs')))
    .description('Prints what a function has written to its log, and goes on with what it writes from now on, until Ctrl-C.')
    .argument('<name>', 'the function')
    .option('--lines <count>', 'only so many of the lines until now; -1 for all', parseLines, ALL_LINES)
    .addOption(durationOption('--since <duration>', 'only lines younger than this, such as 10m').conflicts('sinceTime'))
    .option('--since-time <time>', 'only lines after this moment, such as 2026-01-31T12:00:00Z', parseTime)
    .option('--call <id>', 'only lines that name this call; a function whose watchdog has log_callid=true names them all')
    .option('--replica <name>', 'only lines of this replica')
    .addOption(new Option('-o, --output <format>', 'how to write a line').choices(LOG_FORMATS).default('plain'))
    .option('--time-format <layout>', "how to write its time, as Go's layouts say it; nothing for no time", '2006-01-02T15:04:05Z07:00')
    .action((name: string, options: LogsOptions) => readLog(terminal, name, options));
  withSwitch(command, 'name', 'begin lines with the name of the function');
  withSwitch(command, 'instance', 'begin lines with the name of the replica');
  withSwitch(command, 'follow', 'end after the lines until now', true);
  command.addOption(new Option('-t, --tail', 'go on with new lines, as it does anyway').default(true));
  return command.addOption(new Option('--no-tail', 'the same as --no-follow').hideHelp());
}

async function readLog(terminal: Terminal, name: string, options: LogsOptions): Promise<void> {
  const { call, lines, follow, tail, replica, output } = options;
  if (call !== undefined && lines !== ALL_LINES) throw new CliError('usage', '--lines counts lines of all calls', 'leave it out with --call');
  const format = { output, name: options.name, instance: options.instance, writeTime: timeWriter(options.timeFormat) };
  const gateway = await openGateway(terminal, options);
  const follows = follow && tail;
  const query = { name, namespace: options.namespace, instance: replica, since: sinceOf(options), tail: String(lines), follow: String(follows) };
  const { body } = await gateway.ask('GET', '/system/logs', { query, hints: UNKNOWN_FUNCTION });
  try {
    for await (const text of readLines(body)) {
      if (text.trim() === '') continue;
      const line = parseLine(text);
      if (call === undefined || line.text.includes(call)) say(terminal, formatLogLine(line, format));
    }
  } catch (error) {
    if (terminal.signal.aborted || error instanceof CliError) throw error;
    throw new CliError('unreachable', `the connection to ${gateway.url} broke off`, 'what was written since then: the same command with --since', { cause: error });
  }
  if (follows) note(terminal, 'The gateway has ended the log. The same command with --since goes on with it.');
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch (error) {
    throw new CliError('failed', 'what came is no log as a gateway writes it', 'is --gateway the URL of a gateway?', { cause: error });
  }
}

function sinceOf({ since, sinceTime }: LogsOptions): string | undefined {
  return since === undefined ? sinceTime : new Date(Date.now() - since).toISOString();
}

function timeWriter(layout: string): LogFormat['writeTime'] {
  if (layout === '') return undefined;
  const write = parseTimeLayout(layout);
  if (!write) throw new CliError('usage', `--time-format ${layout} has no part of a time in it`, "write the time 2006-01-02 15:04:05 as yours shall look, as in Go, or name one of Go's layouts, such as RFC3339Nano or Kitchen");
  return write;
}

function parseLines(text: string): number {
  if (!/^(-1|\d{1,9})$/.test(text)) throw new InvalidArgumentError('It must be a whole number, or -1.');
  return Number(text);
}

function parseTime(text: string): string {
  const isRfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  if (!isRfc3339 || Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00:00Z.');
  return text;
}
