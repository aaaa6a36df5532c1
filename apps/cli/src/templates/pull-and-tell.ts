import { join } from 'node:path';
import type { Command } from 'commander';
import { withProgress } from '../output/progress';
import { note, say, type Terminal } from '../terminal';
import { pullTemplates, type PulledTemplates } from './pull-templates';

export interface PullFlags {
  readonly overwrite?: boolean;
  readonly debug?: boolean;
}

/** Adds `--overwrite` and `--debug`. */
export function withPullFlags(command: Command): Command {
  return command.option('--overwrite', 'replace templates that are there').option('--debug', 'say where templates come from and go to');
}

/** Where templates are kept for a project in the working folder. */
export function templatesIn({ cwd }: Terminal): string {
  return join(cwd, 'template');
}

/** Copies templates of a repository or folder, all of them unless `only` names some, and tells which. Rejects as `pullTemplates` does. */
export async function pullFrom(terminal: Terminal, source: string, { overwrite = false, debug, only }: PullFlags & { readonly only?: readonly string[] }): Promise<void> {
  const into = templatesIn(terminal);
  if (debug) note(terminal, `From ${source} to ${into}`);
  const { env, signal } = terminal;
  tellPulled(terminal, await withProgress(terminal, `Fetching templates from ${source}`, () => pullTemplates(source, { into, overwrite, env, signal, ...(only ? { only } : {}) })));
}

export function tellPulled(terminal: Terminal, { copied, present }: PulledTemplates): void {
  if (copied.length > 0) say(terminal, `Copied to ./template: ${copied.join(', ')}`);
  if (present.length > 0) say(terminal, `There already, and left as they are: ${present.join(', ')} (--overwrite replaces them)`);
}
