import { buildBundle } from '../build/bundle';
import { CliError } from '../cli-error';
import { withProgress } from '../output/progress';
import type { StackFunction } from '../stack/stack-file';
import { note, type Terminal } from '../terminal';
import type { Project } from './open-project';
import { templateOf } from './project-templates';

export interface BundleOptions {
  /** More to copy beside the handler, besides what the stack file says. */
  readonly copyExtra: readonly string[];
  /** Whether to keep the output of the build's tools to itself. */
  readonly quiet: boolean;
}

/** Whether there is something to build: functions of ready-made images have no template. */
export function isBuilt(one: StackFunction): boolean {
  return !one.skipBuild && one.lang !== undefined;
}

/** Builds the bundle of a function that has a template, and resolves with its folder. Rejects as `buildBundle` does. */
export async function bundleOf(terminal: Terminal, project: Project, one: StackFunction, { copyExtra, quiet }: BundleOptions): Promise<string> {
  if (one.lang === undefined) throw new CliError('usage', `function ${one.name} has no lang, so there is nothing to build it with`);
  const template = await templateOf(project, one.lang);
  const { signal } = terminal;
  const report = quiet ? () => undefined : (text: string) => void terminal.stderr.write(text);
  const copy = [...(project.stack?.configuration.copy ?? []), ...copyExtra];
  const { folder, reused } = await withProgress(terminal, `Building ${one.name}`, () => buildBundle({ function: one, template, folder: project.folder, copy, signal, report }));
  if (!quiet) note(terminal, `${reused ? 'Unchanged' : 'Built'}: ${one.name}, ${folder}`);
  return folder;
}
