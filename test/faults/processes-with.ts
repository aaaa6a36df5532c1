import { readdirSync, readFileSync } from 'node:fs';

/** Ids of processes that have `entry` (`NAME=value`) in their environment, wherever they have gone. */
export function processesWith(entry: string): readonly number[] {
  return readdirSync('/proc').map(Number).filter((pid) => pid > 1 && `\0${environmentOf(pid)}`.includes(`\0${entry}\0`));
}

/** Empty when it has ended, or is not ours to read. */
export function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
