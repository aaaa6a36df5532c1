import { CliError } from '../cli-error';
import type { GatewayClient } from '../gateway/gateway-client';
import { gatewayUrl } from '../gateway/gateway-url';
import { connectTo, type GatewayOptions } from '../gateway/open-gateway';
import { functionOfFlags } from '../stack/function-of-flags';
import { loadStackFile, type StackFile, type StackFunction } from '../stack/stack-file';
import { note, type Terminal } from '../terminal';
import type { ProjectOptions } from './project-options';

/** The functions that a command works on, and where their files are. */
export interface Project {
  /** Absolute: what paths start from. */
  readonly folder: string;
  readonly functions: readonly StackFunction[];
  readonly stack?: StackFile;
}

const NO_PROJECT_HINT = 'begin with: shoal new hello --lang node, or name one with --yaml, or a single function with --name and --image';

/**
 * What the flags choose: one function that they describe, or those of the stack file. Flags go before a stack file that
 * merely lies there, and not before one that `--yaml` names. Rejects with `usage`.
 */
export async function openProject(terminal: Terminal, options: ProjectOptions): Promise<Project> {
  if (options.yaml === undefined && options.name !== undefined && (options.image !== undefined || options.handler !== undefined)) {
    return { folder: terminal.cwd, functions: [functionOfFlags(options)] };
  }
  const { cwd, env } = terminal;
  const { yaml: file, envsubst, filter, regex } = options;
  const stack = await loadStackFile({ file, cwd, env, envsubst, filter, regex });
  if (!stack) throw new CliError('usage', 'there is no stack.yaml or stack.yml in this folder', NO_PROJECT_HINT);
  note(terminal, ...stack.warnings);
  const functions = [...stack.functions.values()].filter(({ name }) => options.name === undefined || name === options.name);
  if (functions.length === 0) {
    const what = options.name === undefined ? 'no functions' : `no function ${options.name}`;
    throw new CliError('usage', `${stack.path} has ${what}`, 'add one with: shoal new NAME --lang TEMPLATE');
  }
  return { folder: stack.folder, functions, stack };
}

/** The gateway of a project, as `openGateway` finds it, without reading the stack file again. */
export function gatewayOf(terminal: Terminal, options: GatewayOptions, { stack }: Project): Promise<GatewayClient> {
  return connectTo(terminal, options, gatewayUrl({ flag: options.gateway, inFile: stack?.provider.gateway, env: terminal.env }));
}
