import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'shoal-disk-';

/** A file system of its own, in memory. Only root may mount one. */
export class SmallDisk {
  /** Whose process made it is in its name. */
  readonly path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  /** For `describeUnlessMissing`. */
  readonly missing: string | undefined;
  private fillers = 0;

  /** Only sees whether one could be mounted. */
  constructor(private readonly size: string) {
    removeThoseOfTheDead();
    this.missing = this.mounts() ? undefined : 'a disk of its own: only root may mount one';
    this.unmount();
  }

  mount(): void {
    if (!this.mounts()) throw new Error(`${this.path} cannot be mounted any more`);
  }

  private mounts(): boolean {
    return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${this.size},mode=755`, 'tmpfs', this.path]).status === 0;
  }

  private unmount(): void {
    if (this.missing === undefined) spawnSync('umount', ['--lazy', this.path]);
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
    this.unmount();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs that were killed could not remove theirs. */
function removeThoseOfTheDead(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const path = join(tmpdir(), name);
    for (const mounted of mountsBelow(path)) spawnSync('umount', ['--lazy', mounted]);
    rmSync(path, { recursive: true, force: true });
  }
}

/** Those within others first. */
function mountsBelow(path: string): readonly string[] {
  const points = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point === path || point.startsWith(`${path}/`)).reverse();
}
