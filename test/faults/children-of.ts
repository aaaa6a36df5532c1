import { readdirSync, readFileSync } from 'node:fs';

/** Ids of processes whose parent is `pid` and whose command line has `part`. */
export function childrenOf(pid: number, part = ''): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((child) => child > 1 && parentOf(child) === pid && read(child, 'cmdline').includes(part));
}

function parentOf(pid: number): number {
  // The name, in brackets, may hold spaces.
  return Number(read(pid, 'stat').replace(/^.*\) /s, '').split(' ')[1]);
}

/** Empty when it has ended. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
