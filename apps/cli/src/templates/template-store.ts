import { isSeq } from 'yaml';
import { CliError } from '../cli-error';
import { nearestKey } from '../stack/nearest-key';
import { readSource, shownSource } from '../stack/read-source';
import { YamlReader, type Located } from '../stack/yaml-reader';
import type { Terminal } from '../terminal';

/** What a template store offers (wire contract §8.2). */
export interface StoreTemplate {
  readonly template: string;
  /** Such as `x86_64`. */
  readonly platform: string;
  readonly language: string;
  /** Whose it is. */
  readonly source: string;
  readonly description: string;
  /** URL of the Git repository. */
  readonly repo: string;
  readonly official: boolean;
  readonly recommended: boolean;
}

/** Reads the store at `url`, else at OPENFAAS_TEMPLATE_STORE_URL: a URL or a file. There is none by default. Rejects with `CliError`. */
export async function openTemplateStore({ env, cwd }: Terminal, url: string | undefined): Promise<readonly StoreTemplate[]> {
  const source = url ?? env['OPENFAAS_TEMPLATE_STORE_URL'];
  if (!source) throw new CliError('usage', 'no template store is chosen, and none is asked by itself', 'name one by --url, or by OPENFAAS_TEMPLATE_STORE_URL; shoal template list shows the templates that are here');
  return readTemplateStore(await readSource(source, cwd), shownSource(source));
}

/** Reads the text of a template store. Unknown keys are ignored. Throws `usage` with all problems, one a line. Pure. */
export function readTemplateStore(text: string, path: string): readonly StoreTemplate[] {
  const reader = new YamlReader(text, path);
  if (!reader.isBroken && !isSeq(reader.root.node)) reader.fail(reader.root, 'must be a list of templates');
  const templates = reader.isBroken || !isSeq(reader.root.node) ? [] : (reader.items(reader.root) ?? []).flatMap((item) => readEntry(reader, item) ?? []);
  reader.throwProblems('is that the URL or the file of a template store?');
  return templates;
}

function readEntry(reader: YamlReader, item: Located): StoreTemplate | undefined {
  const entries = reader.entries(item);
  if (!entries) return undefined;
  const text = (key: string) => (entries.has(key) ? (reader.text(entries.get(key)!) ?? '') : '');
  if (text('template') === '') return reader.fail(item, 'has no name ("template")');
  if (text('repo') === '') return reader.fail(item, 'names no repository ("repo")');
  return {
    template: text('template'),
    platform: text('platform'),
    language: text('language'),
    source: text('source'),
    description: text('description'),
    repo: text('repo'),
    official: text('official').toLowerCase() === 'true',
    recommended: text('recommended').toLowerCase() === 'true',
  };
}

/** By `NAME`, or by `SOURCE/NAME` where several have one of that name. Throws `notFound` with the name that may have been meant. */
export function findTemplate(templates: readonly StoreTemplate[], wanted: string): StoreTemplate {
  const found = templates.find(({ template, source }) => wanted === template || wanted === `${source}/${template}`);
  if (found) return found;
  const near = nearestKey(wanted, templates.flatMap(({ template, source }) => [template, `${source}/${template}`]));
  throw new CliError('notFound', `there is no template ${wanted} in the store`, near === undefined ? 'shoal template store list shows what there is' : `did you mean ${near}?`);
}
