import { Command } from 'commander';
import { CliError } from '../cli-error';
import { brokenBy, examineGateway } from '../doctor/examine-gateway';
import { examineMachine } from '../doctor/examine-machine';
import { missing, ok, type Finding, type FindingState } from '../doctor/finding';
import { gatewayUrl } from '../gateway/gateway-url';
import { connectTo, withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { colourFor } from '../output/colour';
import { outputOption, print, type OutputFormat } from '../output/print';
import { loadStackFile, type StackFile } from '../stack/stack-file';
import type { Env, Terminal } from '../terminal';

interface DoctorOptions extends GatewayOptions {
  readonly output: OutputFormat;
}

const COLOURS = { ok: 'green', missing: 'yellow', broken: 'red' } as const;
const MARKS: Readonly<Record<FindingState, string>> = { ok: '✓', missing: '–', broken: '✗' };
const ASCII_MARKS: Readonly<Record<FindingState, string>> = { ok: '+', missing: '-', broken: 'x' };

export function doctorCommand(terminal: Terminal): Command {
  return withGatewayOptions(new Command('doctor'), { timeout: '5s' })
    .description('Tells what is here, what is missing, and what to do about it. Ends with 1 when something is broken.')
    .addOption(outputOption())
    .action((options: DoctorOptions) => examine(terminal, options));
}

async function examine(terminal: Terminal, options: DoctorOptions): Promise<void> {
  const [machine, stackAndGateway] = await Promise.all([examineMachine(terminal), examineStackAndGateway(terminal, options)]);
  const [runtime, ...rest] = machine;
  const findings = [runtime!, ...stackAndGateway, ...rest];
  await print(terminal, options.output, findings, () => formatFindings(terminal, findings));
  const broken = findings.filter(({ state }) => state === 'broken');
  if (broken.length > 0) throw new CliError('failed', `${broken.map(({ name }) => name).join(', ')}: to be put right`);
}

/** The gateway may be named by the stack file. */
async function examineStackAndGateway(terminal: Terminal, options: DoctorOptions): Promise<readonly Finding[]> {
  const { cwd, env } = terminal;
  const stack = await loadStackFile({ file: options.yaml, cwd, env, envsubst: options.envsubst }).catch((error: unknown) => brokenBy('stack file', error));
  const isRead = stack !== undefined && 'functions' in stack;
  const finding = stack === undefined || isRead ? ofStack(stack) : stack;
  try {
    const url = gatewayUrl({ flag: options.gateway, inFile: isRead ? stack.provider.gateway : undefined, env });
    return [finding, ...(await examineGateway(await connectTo(terminal, options, url)))];
  } catch (error) {
    return [finding, brokenBy('gateway', error)];
  }
}

function ofStack(stack: StackFile | undefined): Finding {
  if (stack === undefined) return missing('stack file', 'no stack.yaml or stack.yml in this folder', 'shoal new NAME --lang node makes one');
  const names = [...stack.functions.keys()];
  return { ...ok('stack file', `${stack.path}: ${names.length === 1 ? '1 function' : `${names.length} functions`}`), hints: stack.warnings };
}

function formatFindings(terminal: Terminal, findings: readonly Finding[]): readonly string[] {
  const coloured = colourFor(terminal, 'stdout');
  const marks = speaksUtf8(terminal.env) ? MARKS : ASCII_MARKS;
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings.flatMap(({ name, state, found, hints }) => [
    `${coloured(marks[state], COLOURS[state])} ${name.padEnd(width)}  ${found}`,
    ...hints.map((hint) => `  ${' '.repeat(width)}  ${coloured(hint, 'dim')}`),
  ]);
}

function speaksUtf8(env: Env): boolean {
  return process.platform === 'win32' || /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}
