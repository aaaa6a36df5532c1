import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryAccount } from '@shoal/domain/processes/memory-account';

/** More than this process itself comes to use. */
const OWN_BYTES = 96 * 1024 * 1024;
/** The kernel's range of `oom_score_adj`, in thousandths of the limit. */
const MAX_SCORE = 1_000;

/** Where the two versions of control groups keep things. */
const VERSIONS = [
  { kills: 'memory.events', limit: 'memory.max' },
  { kills: 'memory/memory.oom_control', limit: 'memory/memory.limit_in_bytes' },
] as const;

/**
 * The memory of the control group that `folder` shows, of version 1 or 2. Within a container that is the container's own.
 * Elsewhere it is not for this process alone: do not use it there.
 */
export class CgroupMemory implements MemoryAccount {
  private readonly files: (typeof VERSIONS)[number] | undefined;
  private readonly score: number | undefined;

  constructor(private readonly folder = '/sys/fs/cgroup') {
    this.files = VERSIONS.find(({ kills }) => killsIn(this.read(kills)) !== undefined);
    this.score = this.scoreOfOthers();
  }

  kills(): number | undefined {
    return this.files && killsIn(this.read(this.files.kills));
  }

  limitBytes(): number | undefined {
    const bytes = Number.parseInt(this.files ? this.read(this.files.limit) : '', 10);
    return Number.isSafeInteger(bytes) ? bytes : undefined; // No limit is `max` in version 2, and a number near 2^63 in version 1.
  }

  /**
   * The kernel ends the process that uses most, which under a small limit is this one: so the other one counts as if it
   * used what this one does, and more. That is a share of the limit, and of a large one next to nothing, so that a machine
   * that runs out of memory as a whole judges hardly otherwise.
   */
  sacrifice(pid: number): void {
    if (this.score === undefined) return;
    try {
      writeFileSync(`/proc/${pid}/oom_score_adj`, String(this.score));
    } catch {
      // It has ended, or runs as another user; then the kernel chooses as ever.
    }
  }

  private scoreOfOthers(): number | undefined {
    const limitBytes = this.limitBytes();
    if (limitBytes === undefined) return undefined;
    const own = Number(readText('/proc/self/oom_score_adj'));
    return Math.min(own + Math.ceil((MAX_SCORE * OWN_BYTES) / limitBytes), MAX_SCORE);
  }

  private read(name: string): string {
    return readText(join(this.folder, name));
  }
}

/** Empty when it is not there, or not ours to read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function killsIn(text: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}
