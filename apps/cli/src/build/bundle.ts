import { createHash } from 'node:crypto';
import { rename, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error';
import { collectFiles, type Assembly } from './assemble';
import { writeFiles, type BuildFiles } from './build-files';
import { addDependencies, exists, findInstallation, keepNewest, runTool, type Installation } from './dependencies';
import { deployedBundles } from './deployed-bundles';
import { BUNDLE_DIGITS, isBundleOf } from './latest-bundle';
import { makeBeside } from './replace-folder';

export interface BundleBuild extends Omit<Assembly, 'folderMode'> {
  /** Gets what the build's tools write, as it comes. */
  readonly report?: (text: string) => void;
}

export interface BuiltBundle {
  /** Absolute; to deploy as the function's image. */
  readonly folder: string;
  /** Whether it was there from before, so that nothing had to be done. */
  readonly reused: boolean;
}

/** Of a function, besides those that gateways run: one that has just been replaced still has calls to finish. */
const KEPT_BUNDLES = 3;

/**
 * Builds a folder that the local provider runs, without Docker: `build/bundles/<name>-<digest>`, named after what it is made
 * from. So one that runs is never touched, and the same sources are built once.
 *
 * Rejects as `assemble` does; with `usage` when the template makes no bundles, `build` when a tool fails, `missing` when one is not there.
 */
export async function buildBundle(build: BundleBuild): Promise<BuiltBundle> {
  const { function: { name }, template, folder: project, signal, report = () => undefined } = build;
  const files = await collectFiles(build);
  if (template.folders.length === 0 || !files.has('function.yml')) {
    throw new CliError('usage', `function ${name}: the template ${template.name} makes images only, for it has no function.yml`, 'build an image, "shoal build", for a gateway on Docker; or choose another template');
  }
  const bundles = join(project, 'build', 'bundles');
  const making = await makeBeside(join(bundles, name), 0o755);
  try {
    const digests = await writeFiles(files, making.folder, signal);
    const handlerFolder = join(making.folder, template.handlerFolder);
    const installation = await findInstallation(template.install, handlerFolder);
    const folder = join(bundles, `${name}-${nameOf(files, digests, { installation, command: template.build })}`);
    const reused = await exists(folder);
    if (reused) {
      await making.discard();
    } else {
      if (installation) await addDependencies(installation, handlerFolder, { name, cacheFolder: join(project, 'build', '.cache'), report, signal });
      if (template.build) await runTool(template.build, { name, cwd: making.folder, report, signal });
      await moveTo(folder, making);
    }
    const now = new Date();
    await utimes(folder, now, now);
    const running = await deployedBundles(project, name);
    await keepNewest(bundles, (entry) => isBundleOf(entry, name) && !running.has(entry), KEPT_BUNDLES);
    return { folder, reused };
  } catch (error) {
    await making.discard();
    throw error;
  }
}

function nameOf(files: BuildFiles, digests: ReadonlyMap<string, string>, made: { installation: Installation | undefined; command: readonly string[] | undefined }): string {
  const hash = createHash('sha256');
  for (const path of [...digests.keys()].sort()) hash.update(JSON.stringify([path, files.get(path)!.mode, digests.get(path)]));
  hash.update(JSON.stringify([made.installation?.key ?? '', made.command ?? []]));
  return hash.digest('hex').slice(0, BUNDLE_DIGITS);
}

async function moveTo(folder: string, making: { readonly folder: string; readonly discard: () => Promise<void> }): Promise<void> {
  try {
    await rename(making.folder, folder);
  } catch (error) {
    // Somebody else has built the same meanwhile.
    if (!(await exists(folder))) throw error;
    await making.discard();
  }
}
