import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, in memory. Only root may mount one. */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'shoal-disk-'));
  readonly mounted: boolean;
  private fillers = 0;

  constructor(size: string) {
    this.mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', this.path]).status === 0;
  }

  /** For `describeUnlessMissing`. */
  get missing(): string | undefined {
    return this.mounted ? undefined : 'a disk of its own: only root may mount one';
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Leaves no more than `bytes`. */
  fill(bytes = 0): void {
    for (let left = this.freeBytes() - bytes; left > 0; left = this.freeBytes() - bytes) {
      try {
        writeFileSync(join(this.path, `filler-${this.fillers++}`), Buffer.alloc(left));
      } catch (error) {
        // Somebody else has taken some of it meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  makeRoom(): void {
    for (const name of readdirSync(this.path)) if (name.startsWith('filler-')) rmSync(join(this.path, name));
  }

  /** Makes a folder of it read-only, by its path; `undo` lets it be written to again. Open files stay as they are. */
  forbidWriting(folder: string): { undo(): void } {
    const run = (...args: readonly string[]) => {
      const { status, stderr } = spawnSync(args[0]!, args.slice(1), { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
    };
    run('mount', '--bind', folder, folder);
    run('mount', '-o', 'remount,ro,bind', folder);
    return { undo: () => run('umount', folder) };
  }

  dispose(): void {
    if (this.mounted) spawnSync('umount', ['--lazy', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
