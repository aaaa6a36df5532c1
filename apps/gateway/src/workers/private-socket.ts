import { mkdtempSync, rmdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@shoal/domain/shared/errors';
import { StartError } from '../start-error';

/** Of a socket file: systems have room for little more, and Node cuts off what is beyond. */
const MAX_PATH_BYTES = 100;

/**
 * Has `listen` make a socket file in a new folder that only this user can enter, and resolves with its path. Both go with
 * this process. What one leaves that was killed stays: nobody else can know that it is not in use.
 *
 * @throws StartError when the system's folder for temporary files cannot have it.
 */
export async function privateSocket(listen: (path: string) => Promise<void>): Promise<string> {
  const parent = tmpdir();
  const remedy = 'set TMPDIR to a folder that can be written to and has a short name, or SHOAL_WORKERS=1';
  try {
    const folder = mkdtempSync(join(parent, 'shoal-gateway-'));
    const path = join(folder, 'gateway.sock');
    process.on('exit', () => remove(folder, path));
    if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new Error(`${path} is longer than ${MAX_PATH_BYTES} bytes`);
    await listen(path);
    return path;
  } catch (error) {
    throw new StartError(`Data-plane workers need a socket file in ${parent}, which cannot be made (${messageOf(error)}): ${remedy}.`);
  }
}

function remove(folder: string, path: string): void {
  for (const removal of [() => unlinkSync(path), () => rmdirSync(folder)]) {
    try {
      removal();
    } catch {
      // It was not made, or somebody else has removed it.
    }
  }
}
