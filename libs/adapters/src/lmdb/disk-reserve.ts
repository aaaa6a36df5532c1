import { randomBytes } from 'node:crypto';
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FULL_BYTES = 1024 * 1024;
/** Less is no help. */
const LEAST_BYTES = 256 * 1024;

/**
 * Room on the disk that is kept from new calls, so that those that have been accepted can be run and ended when it is full:
 * a store that writes pages anew before it frees the old ones needs some for that too.
 */
export class DiskReserve {
  /** How often it was given away. */
  releases = 0;
  private readonly path: string;
  private held: boolean;

  constructor(private readonly folder: string) {
    this.path = join(folder, 'reserve');
    this.held = this.isThere();
  }

  /** Sets the room aside where it is not. Returns whether it is there. */
  hold(): boolean {
    if (this.held) return true;
    const { bavail, bsize } = statfsSync(this.folder);
    if (bavail * bsize < LEAST_BYTES) return false;
    try {
      // Nothing that a file system could store in less.
      writeFileSync(this.path, randomBytes(FULL_BYTES), { mode: 0o600 });
    } catch {
      // What has been written counts.
    }
    this.held = this.isThere();
    if (!this.held) rmSync(this.path, { force: true });
    return this.held;
  }

  /** Gives away what there is. */
  release(): void {
    if (!this.held) return;
    rmSync(this.path, { force: true });
    this.held = false;
    this.releases++;
  }

  /** Half of it may be: when the disk became full, or the process was killed, while it was written. */
  private isThere(): boolean {
    return (statSync(this.path, { throwIfNoEntry: false })?.size ?? 0) >= LEAST_BYTES;
  }
}
