import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** For each function, by the gateway's URL, the name of the bundle that was deployed there last. */
type Deployed = Readonly<Record<string, string>>;

/** Notes which bundle of a function a gateway runs now, so that later builds do not remove it. */
export async function noteDeployed(project: string, name: string, gatewayUrl: string, bundle: string): Promise<void> {
  const { default: writeFileAtomic } = await import('write-file-atomic');
  const file = fileOf(project, name);
  await writeFileAtomic(file, `${JSON.stringify({ ...(await read(file)), [gatewayUrl]: basename(bundle) }, null, 2)}\n`);
}

/** The names of a function's bundles that gateways run. */
export async function deployedBundles(project: string, name: string): Promise<ReadonlySet<string>> {
  return new Set(Object.values(await read(fileOf(project, name))));
}

function fileOf(project: string, name: string): string {
  return join(project, 'build', 'bundles', `${name}.deployed.json`);
}

async function read(file: string): Promise<Deployed> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? '{}' : Promise.reject(error)));
  try {
    return JSON.parse(text) as Deployed;
  } catch {
    // Nothing that a person writes; made anew by the next deploy.
    return {};
  }
}
