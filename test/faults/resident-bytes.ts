import { readdirSync, readFileSync } from 'node:fs';

/** Memory that a process has of its own at the moment, without files that it has mapped. */
export function residentBytes(pid: number): number {
  return 1024 * Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}

/** Processes that a process has started itself. */
export function childrenOf(pid: number): number[] {
  const isChild = (other: number) => {
    try {
      return readFileSync(`/proc/${other}/status`, 'utf8').includes(`\nPPid:\t${pid}\n`);
    } catch {
      return false; // It has ended meanwhile.
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter(isChild);
}
