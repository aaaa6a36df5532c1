import { killMarked } from './kill-marked';

/** Every process gets one of its own in its environment, so that descendants that left its group can be found. */
const MARK = 'SHOAL_PROCESS';

// Not of node:crypto, which takes Bun 6 MB and a millisecond of its start.
const START = crypto.randomUUID();
let started = 0;

/** What all descendants of one process have in common, whatever group they are in: an entry of their environment. */
export class ProcessMark {
  private readonly value = `${START}-${++started}`;
  private signalled = false;

  markedEnv(env: Readonly<Record<string, string>>): Record<string, string> {
    return { ...env, [MARK]: this.value };
  }

  /** Signals the group that process `pid` leads. SIGKILL after another signal finds those who left the group, too. */
  kill(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      process.kill(-pid, signal);
    } catch {
      // The whole group has ended.
    }
    // A process that ended in order has no strays worth a search; one that had to be killed may.
    if (signal === 'SIGKILL' && this.signalled) killMarked(`${MARK}=${this.value}`);
    this.signalled = true;
  }
}
