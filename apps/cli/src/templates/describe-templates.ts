import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findProgram } from '../find-program';
import type { Env } from '../terminal';
import { shippedTemplates } from './shipped-files';
import { listTemplates } from './template';
import { parseTemplateYml, type TemplateYml } from './template-yml';

export interface TemplateFacts {
  readonly name: string;
  readonly language: string;
  /** Of the watchdog; empty when it does not say. */
  readonly mode: string;
  /** `shipped`: it comes with shoal. `pulled`: it is in the project's folder for templates. */
  readonly from: 'shipped' | 'pulled';
  /** Programs to build and run functions of it here. */
  readonly needs: readonly string[];
  /** Those of them that are not on this machine. */
  readonly missing: readonly string[];
}

/** Reads a template's file; `undefined` when it has none of that name. */
type ReadFile = (name: string, path: string) => Promise<string | undefined>;

/** What its build script runs, which nothing else of the template tells. */
const COMPILERS: Readonly<Record<string, string>> = { go: 'go' };

/** What there is to choose from: the templates in `folder`, and the shipped ones that are not there. By name. */
export async function describeTemplates(folder: string, env: Env): Promise<readonly TemplateFacts[]> {
  const shipped = shippedTemplates();
  const pulled = await listTemplates(folder);
  const inFolder: ReadFile = (name, path) => readFile(join(folder, name, path), 'utf8').catch(() => undefined);
  const inProgram: ReadFile = async (name, path) => shipped.get(name)?.get(path)?.text;
  const names = [...new Set([...shipped.keys(), ...pulled])].sort();
  const all = await Promise.all(names.map((name) => (pulled.includes(name) ? factsOf(name, 'pulled', { read: inFolder, env }) : factsOf(name, 'shipped', { read: inProgram, env }))));
  return all.filter((one) => one !== undefined);
}

/** Resolves with `undefined` for a folder that is no template. */
async function factsOf(name: string, from: TemplateFacts['from'], { read, env }: { read: ReadFile; env: Env }): Promise<TemplateFacts | undefined> {
  const text = await read(name, 'template.yml');
  if (text === undefined) return undefined;
  const own = parseTemplateYml(text, `template ${name}`);
  const base = own.basedOn;
  const inherited = base === undefined ? undefined : await read(base, 'template.yml');
  const yml = { ...(inherited === undefined ? {} : parseTemplateYml(inherited, `template ${base}`)), ...own };
  const readEither = async (path: string) => (await read(name, path)) ?? (base === undefined ? undefined : await read(base, path));
  const bundle = await readEither('function.yml');
  const needs = bundle === undefined ? ['docker'] : programsOf(yml, bundle);
  const found = await Promise.all(needs.map((program) => findProgram(program, env)));
  return {
    name,
    language: yml.language ?? name,
    mode: bundle === undefined ? modeOf((await readEither('Dockerfile')) ?? '') : (fieldsOf(bundle).mode ?? 'serializing'),
    from,
    needs,
    missing: needs.filter((_, index) => found[index] === undefined),
  };
}

function programsOf({ language = '', install = [], build = [] }: TemplateYml, bundle: string): readonly string[] {
  const { command } = fieldsOf(bundle);
  const programs = [(typeof command === 'string' ? command.split(' ') : (command ?? []))[0] ?? '', ...install.map(({ run }) => run[0]!), build[0] ?? '', COMPILERS[language] ?? ''];
  return [...new Set(programs)].filter((program) => program !== '' && program !== 'sh' && !program.includes('/'));
}

function fieldsOf(bundle: string): { readonly command?: string | readonly string[]; readonly mode?: string } {
  return (parse(bundle) as object | null) ?? {};
}

/** As a Dockerfile sets it. */
function modeOf(dockerfile: string): string {
  return /^\s*ENV\s+mode[= ]"?(\w+)/m.exec(dockerfile)?.[1] ?? '';
}
