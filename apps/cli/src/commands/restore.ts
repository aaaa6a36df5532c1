import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { restoreArchive } from '@shoal/adapters/local/data-directory/restore-archive';
import { Command } from 'commander';
import { archiveContents } from '../archive/archive-contents';
import { asCliError } from '../archive/as-cli-error';
import { withProgress } from '../output/progress';
import { note, say, type Terminal } from '../terminal';
import { version } from '../version';

interface RestoreOptions {
  readonly home?: string;
  readonly replace?: boolean;
}

const DEFAULT_HOME = '.shoal';

export function restoreCommand(terminal: Terminal): Command {
  return new Command('restore')
    .description('Makes a data directory of a back-up, on the machine of a gateway that is stopped. Nothing is changed before all of the back-up was read and found whole.')
    .argument('<file>', 'as shoal backup wrote it')
    .option('--home <folder>', `the data directory to make (default: SHOAL_HOME, or ${DEFAULT_HOME} here)`)
    .option('--replace', 'let a data directory that holds something make way; it is kept beside the new one')
    .action((file: string, options: RestoreOptions) => restore(terminal, resolve(terminal.cwd, file), options));
}

async function restore(terminal: Terminal, file: string, { home, replace = false }: RestoreOptions): Promise<void> {
  const folder = resolve(terminal.cwd, home ?? (terminal.env['SHOAL_HOME'] || DEFAULT_HOME));
  const handle = await open(file);
  try {
    const source = handle.createReadStream({ autoClose: false });
    const { manifest, before } = await withProgress(terminal, 'Restoring', () => restoreArchive(source, { home: folder, release: version.release, replace }).catch(asCliError));
    say(terminal, `Restored ${folder} of ${manifest.madeAt}: ${archiveContents(manifest)}.`);
    if (before !== undefined) note(terminal, `What was there before is in ${before}.`);
    note(terminal, 'The password is that of the gateway that was backed up. Calls that had not ended by then run when a gateway starts here.');
  } finally {
    await handle.close();
  }
}
