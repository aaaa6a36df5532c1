import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { drawScalingChart } from '@shoal/domain/scaling/simulation/scaling-chart';
import { simulate, type SimulationOptions } from '@shoal/domain/scaling/simulation/simulation';
import { generateTrace, parseTrace, TRACE_SHAPES, type LoadTrace, type TraceShape } from '@shoal/domain/scaling/simulation/load-trace';
import { DISTRIBUTIONS, type Distribution } from '@shoal/domain/scaling/simulation/service-time';
import { parseDurationMs } from '@shoal/domain/shared/duration';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error';
import { durationOption } from '../gateway/open-gateway';
import { withProgress } from '../output/progress';
import { collect } from '../project/project-options';
import { formatRows, ROW_FORMATS, type RowFormat } from '../simulation/format-rows';
import { combine, rowOf, shortName, summaryBy, type Choice, type SimulationRun } from '../simulation/simulation-rows';
import { say, type Terminal } from '../terminal';

interface SimulateOptions {
  readonly trace: string;
  readonly peak: number;
  readonly base: number;
  readonly period: number;
  readonly duration: number;
  readonly functions: number;
  readonly label: readonly string[];
  readonly startUp: string;
  readonly jitter: number;
  readonly service: string;
  readonly distribution: Distribution;
  readonly room: number;
  readonly patience: number;
  readonly tick: number;
  readonly seed: number;
  readonly by?: string;
  readonly output: RowFormat;
  readonly svg?: string;
}

/** So often timers and Ctrl-C have their turn. */
const BREATHE_EVERY_MS = 50;

export function simulateCommand(terminal: Terminal): Command {
  const number = (flags: string, description: string, initially: number) => new Option(flags, description).argParser(parseNumber).default(initially);
  return new Command('simulate')
    .description('Rehearses a scaling policy: a made-up load comes, in simulated time, to functions that the real autoscaler scales. Several values of --trace, --start-up, --service and --label, separated by commas, are tried in every combination.')
    .option('--trace <name>', `the load: ${TRACE_SHAPES.join(', ')}, or a CSV file of second,calls_per_second`, 'square')
    .addOption(number('--peak <n>', 'calls a second at its highest, of a generated trace', 200))
    .addOption(number('--base <n>', 'calls a second at its lowest', 10))
    .addOption(durationOption('--period <duration>', 'of a generated trace', '5m'))
    .addOption(durationOption('--duration <duration>', 'of a generated trace, in all', '10m'))
    .addOption(number('--functions <n>', 'so many functions, each with that load; all but the first begin somewhere within it', 1))
    .option('--label <name=value>', 'as at deploy, such as com.openfaas.scale.target=20; may be repeated', collect, [])
    .option('--start-up <duration>', 'from the order to a replica that takes calls', '700ms')
    .addOption(number('--jitter <n>', 'a start takes up to this part of it less or more', 0.2))
    .option('--service <duration>', 'mean time of a call', '100ms')
    .addOption(new Option('--distribution <name>', 'of the time of calls').choices(DISTRIBUTIONS).default('exponential'))
    .addOption(number('--room <n>', 'calls at a time on one replica', 16))
    .addOption(durationOption('--patience <duration>', 'how long a call may wait', '60s'))
    .addOption(durationOption('--tick <duration>', 'between two looks of the autoscaler', '1s'))
    .addOption(number('--seed <n>', 'the same seed, the same result', 1))
    .option('--by <name>', 'one line for each value of that option or label, over all other combinations')
    .addOption(new Option('--output <format>', 'how to write the result').choices(ROW_FORMATS).default('table'))
    .option('--svg <file>', 'draw load, replicas and waiting calls; of one combination only')
    .action((options: SimulateOptions) => rehearse(terminal, options));
}

async function rehearse(terminal: Terminal, options: SimulateOptions): Promise<void> {
  const varied = variedOptions(options);
  const combinations = combine(varied);
  if (options.svg !== undefined && combinations.length > 1) throw new CliError('usage', `--svg draws one combination, and these are ${combinations.length}`);
  const columns = varied.filter(({ values }) => values.length > 1).map(({ name }) => name);
  if (options.by !== undefined && !columns.includes(options.by)) throw new CliError('usage', `--by must name what has several values: ${columns.join(', ') || 'nothing has'}`);
  const runs: SimulationRun[] = [];
  const betweenTicks = breatherUntil(terminal.signal);
  await withProgress(terminal, 'Simulating', async (tell) => {
    for (const [index, choices] of combinations.entries()) {
      const simulation = await simulationOf(choices, options, terminal.cwd);
      const passed = (second: number) => tell(`${combinations.length > 1 ? `run ${index + 1} of ${combinations.length}, ` : ''}second ${second} of ${simulation.trace.callsPerSecond.length}`);
      runs.push({ choices, result: await explained(() => simulate({ ...simulation, cpuMs, passed, betweenTicks })) });
    }
  });
  if (options.svg !== undefined) writeFileSync(resolve(terminal.cwd, options.svg), drawScalingChart(titleOf(combinations[0]!, options), noteOf(combinations[0]!, options), runs[0]!.result.seconds));
  const rows = options.by === undefined ? runs.map((run) => rowOf(run, columns)) : summaryBy(options.by, runs);
  say(terminal, ...formatRows(rows, options.output));
}

/** What may have several values, by the names under which they are shown. */
function variedOptions({ trace, startUp, service, label }: SimulateOptions): readonly { readonly name: string; readonly values: readonly string[]; readonly isLabel: boolean }[] {
  const labels = label.map((text) => {
    const [, name, values] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined) throw new CliError('usage', `--label must be NAME=VALUE, not ${text}`);
    return { name, values: values!.split(','), isLabel: true };
  });
  const own = Object.entries({ trace, 'start-up': startUp, service }).map(([name, text]) => ({ name, values: text.split(','), isLabel: false }));
  return [...own, ...labels];
}

async function simulationOf(choices: readonly Choice[], options: SimulateOptions, cwd: string): Promise<Omit<SimulationOptions, 'cpuMs' | 'passed' | 'betweenTicks'>> {
  const chosen = Object.fromEntries(choices.map(({ name, value }) => [name, value]));
  const { functions, jitter, room, distribution, patience, tick, seed } = options;
  return {
    trace: await traceOf(chosen['trace']!, options, cwd),
    functions,
    labels: Object.fromEntries(choices.filter(({ isLabel }) => isLabel).map(({ name, value }) => [name, value])),
    replica: { startUpMs: durationOf('start-up', chosen['start-up']!), startUpJitter: jitter, room },
    service: { meanMs: durationOf('service', chosen['service']!), distribution },
    patienceMs: patience,
    tickMs: tick,
    seed,
  };
}

async function traceOf(name: string, { peak, base, period, duration }: SimulateOptions, cwd: string): Promise<LoadTrace> {
  if (isShape(name)) return generateTrace(name, { peak, base, periodSeconds: period / 1_000, durationSeconds: duration / 1_000 });
  if (!/[./\\]/.test(name)) throw new CliError('usage', `--trace must be one of ${TRACE_SHAPES.join(', ')}, or a CSV file, not ${name}`);
  return await explained(() => parseTrace(name, readFileSync(resolve(cwd, name), 'utf8')));
}

function isShape(name: string): name is TraceShape {
  return (TRACE_SHAPES as readonly string[]).includes(name);
}

function durationOf(name: string, text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new CliError('usage', `--${name} must be a duration such as 500ms or 5m, not ${text}`);
  return ms;
}

function parseNumber(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError(`It must be a number, not ${text}.`);
  return Number(text);
}

/** What the user can put right is an error of the domain, or of the file system. */
async function explained<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ShoalError || (error as NodeJS.ErrnoException).code !== undefined) throw new CliError('usage', messageOf(error), undefined, { cause: error });
    throw error;
  }
}

/** A simulation keeps the processor to itself; this lets the rest of the program run now and then, and rejects once it is aborted. */
function breatherUntil(signal: AbortSignal): () => Promise<void> {
  let lastMs = Date.now();
  return async () => {
    if (Date.now() - lastMs < BREATHE_EVERY_MS) return;
    await breathe();
    lastMs = Date.now();
    signal.throwIfAborted();
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function titleOf([trace]: readonly Choice[], { functions }: SimulateOptions): string {
  return `${functions === 1 ? 'One function' : `${functions.toLocaleString('en')} functions`}, ${trace!.value}`;
}

function noteOf([, ...choices]: readonly Choice[], { room }: SimulateOptions): string {
  return [...choices, { name: 'room', value: String(room) }].map(({ name, value }) => `${shortName(name)} ${value}`).join(', ');
}
