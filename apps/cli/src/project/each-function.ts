import { CliError } from '../cli-error';
import { tellError } from '../output/tell-error';
import type { StackFunction } from '../stack/stack-file';
import type { Terminal } from '../terminal';

/**
 * Does `work` for all functions, at most `parallel` at a time, and goes on when one fails. Rejects with the error of the one
 * that failed, or when there were several, with a summary after each has been told.
 */
export async function eachFunction(terminal: Terminal, functions: readonly StackFunction[], parallel: number, work: (one: StackFunction) => Promise<void>): Promise<void> {
  const waiting = [...functions];
  const failed: { readonly name: string; readonly error: unknown }[] = [];
  const run = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      terminal.signal.throwIfAborted();
      try {
        await work(one);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        failed.push({ name: one.name, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, functions.length) }, run));
  if (failed.length === 0) return;
  if (failed.length === 1) throw failed[0]!.error;
  const order = functions.map(({ name }) => name);
  failed.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  for (const { error } of failed as { error: CliError }[]) tellError(terminal, error);
  throw new CliError((failed[0]!.error as CliError).reason, `${failed.length} of ${functions.length} functions failed: ${failed.map(({ name }) => name).join(', ')}`);
}
