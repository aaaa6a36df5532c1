import { readSource } from './read-source';
import { readTextMap } from './read-values';
import type { TextMap } from './stack-file';
import { YamlReader } from './yaml-reader';

/**
 * The variables of all these files, each `environment: {NAME: value}`; a later file wins. Nothing is substituted in them.
 * Rejects with `CliError` that names file and line.
 *
 * @param folder what `paths` are relative to.
 */
export async function readEnvironmentFiles(paths: readonly string[], folder: string): Promise<TextMap> {
  const maps: TextMap[] = [];
  for (const path of paths) maps.push(readEnvironment(await readSource(path, folder), path));
  return Object.fromEntries(maps.flatMap((map) => Object.entries(map)));
}

function readEnvironment(text: string, path: string): TextMap {
  const reader = new YamlReader(text, path);
  const top = reader.isBroken || reader.isEmpty(reader.root) ? undefined : reader.entries(reader.root);
  const environment = top?.get('environment');
  if (top && !environment) reader.fail(reader.root, 'it has no `environment:` with the variables below it');
  const variables = environment ? readTextMap(reader, environment, { example: { exec_timeout: '10s' }, specField: 'envVars' }) : {};
  reader.throwProblems('an environment file is `environment:` with lines of `NAME: value` below it');
  return variables;
}
