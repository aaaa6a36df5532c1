import { readdirSync, readFileSync } from 'node:fs';

/** Who starts the next process and is gone, again and again, is caught within a few looks; more than that would hold up others. */
const MOST_LOOKS = 50;
/** Without an environment: a process that has ended, or one of the kernel. */
const NONE = Buffer.of(0);

/**
 * Kills every process whose environment holds `entry` (`NAME=value`), wherever it has gone: a process that left its
 * group (`setsid`, a double fork) still carries the environment that it was started with. Looks again for those that have
 * been started meanwhile, until there are none.
 *
 * Reads `/proc`, so it does something on Linux only. Costs some microseconds a process: not for every call.
 *
 * @returns the ids of the processes that it killed.
 */
export function killMarked(entry: string): readonly number[] {
  const killed: number[] = [];
  const needle = Buffer.from(`\0${entry}\0`);
  const looked = new Set([process.pid]);
  let again = true;
  for (let looks = 0; again && looks < MOST_LOOKS; looks++) {
    again = false;
    for (const pid of processIds()) {
      if (looked.has(pid)) continue;
      looked.add(pid);
      const environment = environmentOf(pid);
      const marked = environment.includes(needle);
      // One that has just ended may have started another one.
      again ||= marked || environment === NONE;
      if (marked && kill(pid)) killed.push(pid);
    }
  }
  return killed;
}

/** The latest first: who runs away is among them, and is gone in a moment. */
function processIds(): readonly number[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync('/proc').map(Number).filter((pid) => pid > 1).sort((a, b) => b - a);
  } catch {
    return []; // No more files can be opened.
  }
}

/** Begins and ends with NUL, as between two entries. `NONE` when it is not ours to read or is gone. */
function environmentOf(pid: number): Buffer {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`);
    return entries.byteLength > 0 ? Buffer.concat([Buffer.of(0), entries]) : NONE;
  } catch {
    return NONE;
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false; // It has ended by itself in the meantime.
  }
}
