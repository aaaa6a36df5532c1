import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readArchive } from '@shoal/adapters/local/data-directory/read-archive';
import { Command } from 'commander';
import { archiveContents } from '../archive/archive-contents';
import { asCliError } from '../archive/as-cli-error';
import { CliError } from '../cli-error';
import { openGateway, withGatewayOptions, type GatewayOptions } from '../gateway/open-gateway';
import { withProgress } from '../output/progress';
import { note, say, type Terminal } from '../terminal';
import { version } from '../version';

interface BackupOptions extends GatewayOptions {
  readonly overwrite?: boolean;
}

/** Secrets are in it. */
const PRIVATE_FILE = 0o600;

export function backupCommand(terminal: Terminal): Command {
  return withGatewayOptions(new Command('backup'), { timeout: '10m', bounds: 'how long the gateway may take to copy its queue before it answers' })
    .description('Writes a back-up of a gateway that runs functions of its own machine: functions, bundles, secrets, namespaces, password and queue. Calls go on meanwhile.')
    .argument('<file>', 'the archive to write, which only you can read: secrets are in it as they are')
    .option('--overwrite', 'replace the file when it is there already, once the new one is whole')
    .action((file: string, options: BackupOptions) => backUp(terminal, resolve(terminal.cwd, file), options));
}

async function backUp(terminal: Terminal, file: string, options: BackupOptions): Promise<void> {
  if (!options.overwrite && (await stat(file).then(() => true, () => false))) {
    throw new CliError('conflict', `${file} exists already`, 'name another file, or say --overwrite');
  }
  const gateway = await openGateway(terminal, options);
  // Beside its place, so that the file is there only when it is whole, and of this process, whoever else backs up to the same one.
  const part = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    const manifest = await withProgress(terminal, 'Backing up', async (tell) => {
      const { body } = await gateway.ask('GET', '/system/backup', { hints: { notFound: 'back-ups are made by Shoal gateways of this version and later' } });
      tell('reading');
      await pipeline(body, createWriteStream(part, { flags: 'wx', mode: PRIVATE_FILE }), { signal: terminal.signal }).catch((error: unknown) => {
        if (terminal.signal.aborted || isOfDisk(error)) throw error;
        throw new CliError('failed', `the back-up was cut short: the connection to ${gateway.url} broke off`, "the gateway's log may say why; try again", { cause: error });
      });
      tell('checking');
      const read = await readArchive(createReadStream(part), version.release, async (entry) => {
        if (entry.kind === 'file') for await (const _ of entry.bytes);
      }).catch(asCliError);
      await sync(part);
      return read;
    });
    await rename(part, file);
    await sync(dirname(file));
    say(terminal, `Wrote ${file}: ${archiveContents(manifest)}.`);
    if (manifest.queue === 'nats') note(terminal, 'Calls that wait are in NATS, and not in this file: docs/backup.md says how to keep them.');
  } finally {
    await rm(part, { force: true });
  }
}

function isOfDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOENT', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function sync(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
