import { InvalidArgumentError, type Command } from 'commander';
import { withSwitch } from '../switches';

/** Which functions a command works on. */
export interface ProjectOptions {
  readonly yaml?: string;
  readonly envsubst: boolean;
  readonly filter?: string;
  readonly regex?: string;
  readonly name?: string;
  readonly image?: string;
  readonly handler?: string;
  readonly lang?: string;
}

const MAX_PARALLEL = 64;

/** Adds the flags that choose functions: of a stack file, or a single one that needs no file. */
export function withFunctions(command: Command): Command {
  return command
    .option('--filter <glob>', 'only functions of the stack file with such a name; * stands for any text')
    .option('--regex <expression>', 'only functions of the stack file whose name matches')
    .option('--name <name>', 'a function that is in no stack file: its name')
    .option('--image <image>', 'its image')
    .option('--handler <folder>', 'the folder with its code')
    .option('--lang <template>', 'its template');
}

/** Adds `--yaml` and `--envsubst`, for commands that speak to no gateway; `withGatewayOptions` has them too. */
export function withStackFile(command: Command): Command {
  return withSwitch(command.option('-f, --yaml <file>', 'the stack file, or its URL (default: stack.yaml or stack.yml here)'), 'envsubst', 'leave ${…} in the stack file as it is', true);
}

/** Adds `--parallel`. */
export function withParallel(command: Command): Command {
  return command.option('--parallel <n>', 'how many at a time', parseParallel, 1);
}

function parseParallel(text: string): number {
  const parallel = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (parallel < 1 || parallel > MAX_PARALLEL) throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_PARALLEL}.`);
  return parallel;
}

/** For options that may be given several times. */
export function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
