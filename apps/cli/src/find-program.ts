import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Env } from './terminal';

/** Where a program of that name is, by PATH; `undefined` when it is not on this machine. */
export async function findProgram(name: string, env: Env): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (await isProgram(path)) return path;
    }
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
