// `npm run simulate`: lets a load come to functions that the real autoscaler scales, in simulated time. See docs/scaling.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, requireNode, root } from './setup.mjs';

const HELP = `Usage: npm run simulate -- [options]

The load
  --trace=NAME        square, ramp, spike, diurnal, or a CSV file of second,calls_per_second (default square)
  --peak=N --base=N   calls a second of a generated trace (default 200 and 10)
  --period=DURATION   of a generated trace (default 5m)
  --duration=DURATION of a generated trace (default 10m)
  --functions=N       so many functions, each with that load; all but the first begin somewhere within it (default 1)

The functions
  --label=NAME=VALUE  as at deploy, such as com.openfaas.scale.target=20; may be repeated
  --start-up=DURATION from the order to a replica that takes calls (default 700ms)
  --jitter=N          a start takes up to this part of it less or more (default 0.2)
  --service=DURATION  mean time of a call (default 100ms)
  --distribution=NAME fixed, exponential or log-normal (default exponential)
  --room=N            calls at a time on one replica (default 16)
  --patience=DURATION how long a call may wait (default 60s)
  --tick=DURATION     between two looks of the autoscaler (default 1s)
  --seed=N            the same seed, the same result (default 1)

Several values, separated by commas, of --trace, --start-up, --service and --label are tried in every combination.

The result
  --by=NAME           one line for each value of that option or label, over all other combinations
  --output=NAME       table, csv, json or markdown (default table)
  --svg=FILE          draw load, replicas and waiting calls; of one combination only
  --help              print this text`;

const OPTIONS = {
  trace: { type: 'string', default: 'square' },
  peak: { type: 'string', default: '200' },
  base: { type: 'string', default: '10' },
  period: { type: 'string', default: '5m' },
  duration: { type: 'string', default: '10m' },
  functions: { type: 'string', default: '1' },
  label: { type: 'string', multiple: true, default: [] },
  'start-up': { type: 'string', default: '700ms' },
  jitter: { type: 'string', default: '0.2' },
  service: { type: 'string', default: '100ms' },
  distribution: { type: 'string', default: 'exponential' },
  room: { type: 'string', default: '16' },
  patience: { type: 'string', default: '60s' },
  tick: { type: 'string', default: '1s' },
  seed: { type: 'string', default: '1' },
  by: { type: 'string' },
  output: { type: 'string', default: 'table' },
  svg: { type: 'string' },
  help: { type: 'boolean', default: false },
};
const OUTPUTS = { table: printTable, csv: printCsv, json: printJson, markdown: printMarkdown };
/** Runs that take less say nothing on their way. */
const SILENT_MS = 2_000;
const PROGRESS_EVERY_MS = process.stderr.isTTY ? 250 : 10_000;
const beganMs = Date.now();
let shownMs = 0;

requireNode();
const options = readOptions();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
await ensureInstalled();
const { drawScalingChart, generateTrace, parseDistribution, parseDurationMs, parseTrace, simulate, TRACE_SHAPES } = await loadSimulation();
try {
  await main();
} catch (error) {
  // What the user can put right is a ShoalError, or names its own code; the rest is a defect, and tells where it is.
  if (error.name !== 'ShoalError' && error.code === undefined) throw error;
  fail(error.message);
}

async function main() {
  const print = OUTPUTS[options.output] ?? fail(`--output must be one of ${Object.keys(OUTPUTS).join(', ')}`);
  const varied = variedOptions();
  const combinations = combine(varied);
  if (options.svg && combinations.length > 1) fail(`--svg draws one combination, and these are ${combinations.length}`);
  const columns = varied.filter(({ values }) => values.length > 1).map(({ name }) => name);
  if (options.by !== undefined && !columns.includes(options.by)) fail(`--by must name what has several values: ${columns.join(', ') || 'nothing has'}`);
  const runs = [];
  for (const [index, combination] of combinations.entries()) {
    const simulation = simulationOf(combination);
    const result = await simulate({ ...simulation, cpuMs, passed: progressOf(index, combinations.length, simulation) });
    runs.push({ combination, result });
  }
  endProgress();
  if (options.svg) writeFileSync(options.svg, drawScalingChart(titleOf(combinations[0]), noteOf(combinations[0]), runs[0].result.seconds));
  print(options.by === undefined ? runs.map((run) => rowOf(run, columns)) : summaryBy(options.by, runs));
}

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return fail(`${error.message}\n\n${HELP}`);
  }
}

/** The TypeScript, as it is now. */
async function loadSimulation() {
  const { build } = await import('esbuild');
  const modules = ['scaling/simulation/simulation', 'scaling/simulation/load-trace', 'scaling/simulation/service-time', 'scaling/simulation/scaling-chart', 'shared/duration'];
  const contents = modules.map((module) => `export * from './${module}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(root, 'libs/domain/src'), loader: 'ts' },
    bundle: true, format: 'esm', platform: 'node', target: 'node20', write: false, logLevel: 'warning',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** What may have several values, by the names under which they are shown. */
function variedOptions() {
  const labels = options.label.map((label) => {
    const [, name, text] = /^([^=]+)=(.+)$/.exec(label) ?? fail(`--label must be NAME=VALUE, not ${label}`);
    return { name, values: text.split(','), isLabel: true };
  });
  return [...['trace', 'start-up', 'service'].map((name) => ({ name, values: options[name].split(',') })), ...labels];
}

/** Every choice of one value each. */
function combine(varied) {
  return varied.reduce((combinations, { name, values, isLabel }) => combinations.flatMap((one) => values.map((value) => [...one, { name, value, isLabel }])), [[]]);
}

function simulationOf(combination) {
  const chosen = Object.fromEntries(combination.map(({ name, value }) => [name, value]));
  return {
    trace: traceOf(chosen.trace),
    functions: number('functions'),
    labels: Object.fromEntries(combination.filter(({ isLabel }) => isLabel).map(({ name, value }) => [name, value])),
    replica: { startUpMs: duration('start-up', chosen['start-up']), startUpJitter: number('jitter'), room: number('room') },
    service: { meanMs: duration('service', chosen.service), distribution: parseDistribution(options.distribution) },
    patienceMs: duration('patience'),
    tickMs: duration('tick'),
    seed: number('seed'),
  };
}

function traceOf(name) {
  if (!TRACE_SHAPES.includes(name)) {
    if (!/[./\\]/.test(name)) fail(`--trace must be one of ${TRACE_SHAPES.join(', ')}, or a CSV file, not ${name}`);
    return parseTrace(name, readFileSync(name, 'utf8'));
  }
  return generateTrace(name, { peak: number('peak'), base: number('base'), periodSeconds: duration('period') / 1_000, durationSeconds: duration('duration') / 1_000 });
}

function number(name) {
  const text = options[name];
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : fail(`--${name} must be a number, not ${text}`);
}

function duration(name, text = options[name]) {
  return parseDurationMs(text) ?? fail(`--${name} must be a duration such as 500ms or 5m, not ${text}`);
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** One line, once a run turns out to be long. */
function progressOf(index, count, { trace }) {
  return (second) => {
    const nowMs = Date.now();
    if (nowMs - beganMs < SILENT_MS || nowMs - shownMs < PROGRESS_EVERY_MS) return;
    shownMs = nowMs;
    const which = count > 1 ? `run ${index + 1} of ${count}, ` : '';
    const line = `${which}second ${second} of ${trace.callsPerSecond.length}`;
    process.stderr.write(process.stderr.isTTY ? `\r${line.padEnd(60)}` : `${line}\n`);
  };
}

function endProgress() {
  if (shownMs > 0 && process.stderr.isTTY) process.stderr.write(`\r${''.padEnd(60)}\r`);
}

function rowOf({ combination, result }, columns) {
  const { replicas, waitingMs, latencyMs, tickCpuMs } = result;
  return {
    ...Object.fromEntries(combination.filter(({ name }) => columns.includes(name)).map(({ name, value }) => [shortName(name), value])),
    min: replicas.min,
    mean: rounded(replicas.mean),
    max: replicas.max,
    end: replicas.end,
    calls: result.calls,
    refused: result.refused,
    'timed out': result.timedOut,
    'waiting p50 ms': rounded(waitingMs.p50),
    'waiting p99 ms': rounded(waitingMs.p99),
    'latency p50 ms': rounded(latencyMs.p50),
    'latency p99 ms': rounded(latencyMs.p99),
    reversals: result.reversals,
    'replica-seconds': Math.round(result.replicaSeconds),
    'least possible': Math.round(result.leastReplicaSeconds),
    'tick CPU mean ms': rounded(tickCpuMs.mean),
    'tick CPU p99 ms': rounded(tickCpuMs.p99),
  };
}

/** Means over the runs of each value; calls, refused and reversals are sums. */
function summaryBy(name, runs) {
  const groups = groupsOf(runs, ({ combination }) => combination.find((one) => one.name === name).value);
  return [...groups].map(([value, group]) => {
    const results = group.map(({ result }) => result);
    const sum = (of) => results.reduce((total, result) => total + of(result), 0);
    const mean = (of) => rounded(sum(of) / results.length);
    return {
      [shortName(name)]: value,
      runs: group.length,
      calls: sum(({ calls }) => calls),
      'refused or timed out': sum(({ refused, timedOut }) => refused + timedOut),
      'waiting p99 ms': mean(({ waitingMs }) => waitingMs.p99),
      'latency p99 ms': mean(({ latencyMs }) => latencyMs.p99),
      reversals: sum(({ reversals }) => reversals),
      'replica-seconds ÷ least': mean(({ replicaSeconds, leastReplicaSeconds }) => replicaSeconds / leastReplicaSeconds),
    };
  });
}

function groupsOf(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function shortName(name) {
  return name.replace(/^com\.openfaas\.scale\./, '');
}

/** To three digits. */
function rounded(value) {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

function titleOf([trace]) {
  return `${options.functions === '1' ? 'One function' : `${textOf(Number(options.functions))} functions`}, ${trace.value}`;
}

function noteOf([, ...combination]) {
  return [...combination, { name: 'room', value: options.room }].map(({ name, value }) => `${shortName(name)} ${value}`).join(', ');
}

function textOf(value) {
  return typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 3 }) : value;
}

function printTable(rows) {
  const names = Object.keys(rows[0]);
  // One run is easier to read from top to bottom.
  const lines = rows.length === 1 ? names.map((name) => [name, textOf(rows[0][name])]) : [names, ...rows.map((row) => names.map((name) => textOf(row[name])))];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell, column) => (/^[\d.,]+$/.test(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]));
  for (const line of lines) console.log(line.map(pad).join('  ').trimEnd());
}

function printMarkdown(rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  console.log(line(Object.keys(rows[0])));
  console.log(`|${'---|'.repeat(Object.keys(rows[0]).length)}`);
  for (const row of rows) console.log(line(Object.values(row).map(textOf)));
}

function printCsv(rows) {
  console.log(Object.keys(rows[0]).join(','));
  for (const row of rows) console.log(Object.values(row).join(','));
}

function printJson(rows) {
  console.log(JSON.stringify(rows, null, 2));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
