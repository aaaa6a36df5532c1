import { readdirSync, readFileSync } from 'node:fs';

/**
 * Kills every process whose environment holds `entry` (`NAME=value`), wherever it has gone: a process that left its
 * group (`setsid`, a double fork) still carries the environment that it was started with.
 *
 * Reads `/proc`, so it does something on Linux only. Costs some microseconds a process: not for every call.
 *
 * @returns the ids of the processes that it killed.
 */
export function killMarked(entry: string): readonly number[] {
  const killed: number[] = [];
  const needle = Buffer.from(`\0${entry}\0`);
  for (const pid of processIds()) {
    if (pid === process.pid || !environmentOf(pid).includes(needle)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed.push(pid);
    } catch {
      // It has ended by itself in the meantime.
    }
  }
  return killed;
}

function processIds(): readonly number[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync('/proc').map(Number).filter((pid) => pid > 1);
  } catch {
    return []; // No more files can be opened.
  }
}

/** Begins and ends with NUL, as between two entries. Empty when it is not ours to read or is gone. */
function environmentOf(pid: number): Buffer {
  try {
    return Buffer.concat([Buffer.of(0), readFileSync(`/proc/${pid}/environ`)]);
  } catch {
    return Buffer.alloc(0);
  }
}
