import { join, relative, resolve, sep } from 'node:path';
import { CliError } from '../cli-error';
import { tellError } from '../output/tell-error';
import type { StackFunction } from '../stack/stack-file';
import { note, say, type Terminal } from '../terminal';
import type { Project } from './open-project';
import { templatesFolder } from './project-templates';
import { watchFiles } from './watch-files';

export interface ProjectWatch {
  /** The project as it is now: a stack file may change too. */
  readonly open: () => Promise<Project>;
  /** Builds and deploys one function, and waits for it until `overtaken` fires. */
  readonly deploy: (project: Project, one: StackFunction, overtaken: AbortSignal) => Promise<void>;
}

/**
 * Deploys functions again whenever something that they are made of changes, until Ctrl-C. What goes wrong is told, and does
 * not end it: the next save may mend it, and need not wait for a function that does not become ready.
 */
export async function watchProject(terminal: Terminal, first: Project, { open, deploy }: ProjectWatch): Promise<void> {
  let project = first;
  let work = Promise.resolve();
  let next = new AbortController();
  const take = async (paths: readonly string[], overtaken: AbortSignal) => {
    try {
      const isNew = paths.some((path) => stackFileOf(project).includes(path));
      if (isNew) project = await open();
      for (const one of project.functions) if (isNew || isMadeOf(project, one, paths)) await deploy(project, one, overtaken);
    } catch (error) {
      // What Ctrl-C breaks off has not failed.
      if (overtaken.aborted || terminal.signal.aborted) return;
      if (!(error instanceof CliError)) throw error;
      tellError(terminal, error);
    }
  };
  const watched = [...new Set([...project.functions.flatMap((one) => sourcesOf(project, one)), ...stackFileOf(project)])];
  const ready = () => say(terminal, `Watching ${watched.map((path) => relative(project.folder, path) || '.').join(', ')}. Ctrl-C ends it; functions go on running.`);
  for await (const paths of watchFiles(watched, terminal.signal, ready)) {
    next.abort();
    await work;
    next = new AbortController();
    work = take(paths, next.signal);
  }
  next.abort();
  await work;
  note(terminal, 'Stopped watching; functions go on running.');
}

function isMadeOf(project: Project, one: StackFunction, paths: readonly string[]): boolean {
  return sourcesOf(project, one).some((source) => paths.some((path) => path === source || path.startsWith(source + sep)));
}

/** Absolute paths of all that a function is built or deployed from, but for the stack file. */
export function sourcesOf({ folder, stack }: Project, { handler, lang, environmentFiles }: StackFunction): readonly string[] {
  const template = lang === undefined ? [] : [join(templatesFolder({ folder }), lang.toLowerCase())];
  const own = [handler, ...environmentFiles, ...(stack?.configuration.copy ?? [])].flatMap((path) => (path === undefined ? [] : [resolve(folder, path)]));
  return [...own, ...template];
}

/** Absolute; none for one at a URL. */
export function stackFileOf({ folder, stack }: Project): readonly string[] {
  return stack === undefined || /^https?:/.test(stack.path) ? [] : [resolve(folder, stack.path)];
}
