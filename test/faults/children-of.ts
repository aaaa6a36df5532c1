import { readdirSync, readFileSync } from 'node:fs';

/** Ids of processes whose parent is `pid` and whose command line has `part`. */
export function childrenOf(pid: number, part = ''): readonly number[] {
  return threadsOf(pid)
    .flatMap((thread) => read(pid, `task/${thread}/children`).split(' '))
    .map(Number)
    .filter((child) => child > 0 && read(child, 'cmdline').includes(part));
}

/** Whether it is there and not ended: who has ended has no command line, though nobody may have asked for its end yet. */
export const isRunning = (pid: number): boolean => read(pid, 'cmdline') !== '';

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // It has ended.
  }
}

/** Empty when it has ended. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
