import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import bundled from '../../../../functions/store.json';
import { CliError } from '../cli-error';
import { isUrl, readSource, shownSource } from '../stack/read-source';
import type { Terminal } from '../terminal';
import { bundlesIn } from './bundle-folder';
import { readStore } from './read-store';
import { LOCAL, type StoreFunction } from './store-function';

const BUNDLED = 'the store that comes with shoal';

/**
 * All functions of the stores at `sources`: URLs, files, or folders of bundles; of the store that comes with this program when
 * there are none. Of two functions of a name the first one counts.
 *
 * Rejects with `CliError` that names the source which cannot be read.
 */
export async function openStores({ cwd }: Pick<Terminal, 'cwd'>, sources: readonly string[] = []): Promise<readonly StoreFunction[]> {
  const stores = await Promise.all(sources.map((source) => openStore(source, cwd)));
  const byName = new Map<string, StoreFunction>();
  for (const one of sources.length === 0 ? bundledStore() : stores.flat()) if (!byName.has(one.name)) byName.set(one.name, one);
  return [...byName.values()];
}

function bundledStore(): readonly StoreFunction[] {
  return readStore(JSON.stringify(bundled), BUNDLED);
}

async function openStore(source: string, cwd: string): Promise<readonly StoreFunction[]> {
  if (isUrl(source)) return readStore(await readSource(source, cwd), shownSource(source)).map(withoutLocal);
  const folder = resolve(cwd, source);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) return readStore(await readSource(source, cwd), source);
  const functions = await bundlesIn(folder);
  if (functions.length === 0) throw new CliError('notFound', `there are no functions in ${source}`, 'a folder is a store when it has folders with a function.yml');
  return functions;
}

/** A bundle is a folder of the gateway's machine, without a sandbox: what comes from elsewhere has no say in which. */
function withoutLocal(one: StoreFunction): StoreFunction {
  return { ...one, images: Object.fromEntries(Object.entries(one.images).filter(([platform]) => platform !== LOCAL)) };
}
