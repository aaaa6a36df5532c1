import { join } from 'node:path';
import { note, type Terminal } from '../terminal';
import { pullTemplates, unpackShipped } from '../templates/pull-templates';
import { shippedTemplates } from '../templates/shipped-files';
import { listTemplates, loadTemplate, type Template } from '../templates/template';
import type { Project } from './open-project';

/** The folder of a project's templates. */
export function templatesFolder({ folder }: Pick<Project, 'folder'>): string {
  return join(folder, 'template');
}

/**
 * Puts the templates into `./template` that functions need and that are not there: from where the stack file says
 * (unless `pull` is false), else those that came with this program. Rejects as `pullTemplates` does.
 */
export async function ensureTemplates(terminal: Terminal, project: Project, pull: boolean): Promise<void> {
  const into = templatesFolder(project);
  const there = new Set(await listTemplates(into));
  const wanted = new Set(project.functions.flatMap(({ lang, skipBuild }) => (lang === undefined || skipBuild ? [] : [lang.toLowerCase()])));
  const sources = new Map((project.stack?.configuration.templates ?? []).map(({ name, source }) => [name.toLowerCase(), source]));
  const { env, signal } = terminal;
  for (const name of [...wanted].filter((one) => !there.has(one))) {
    const source = pull ? sources.get(name) : undefined;
    if (source !== undefined) {
      note(terminal, `Fetching the template ${name} from ${source}`);
      await pullTemplates(source, { into, overwrite: false, only: [name], env, signal });
    } else if (shippedTemplates().has(name)) {
      await unpackShipped([name], into);
    }
  }
}

/** The template of a function. Rejects with `notFound` when it is not in `./template`. */
export async function templateOf(project: Project, lang: string): Promise<Template> {
  return await loadTemplate(lang, templatesFolder(project));
}
