import { readdirSync, readFileSync } from 'node:fs';

interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** What the file says; empty when the process has ended meanwhile. */
export function procFile(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

export function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0);
}

/** `pid` and all below it, as they are now. */
export function processTree(root: number): readonly ProcessFacts[] {
  const all = allPids().map((pid): ProcessFacts => ({
    pid,
    parent: Number(/\) . (\d+) /.exec(procFile(pid, 'stat'))?.[1] ?? 0),
    command: procFile(pid, 'cmdline').replaceAll('\0', ' '),
  }));
  const within = new Set([root]);
  // A child may have a lower number than its parent.
  for (let before = 0; before < within.size; ) {
    before = within.size;
    for (const { pid, parent } of all) if (within.has(parent)) within.add(pid);
  }
  return all.filter(({ pid }) => within.has(pid));
}

/** Resident, of the process's own: the pages of files that are mapped into it are the system's, which takes them back. */
export function ownMemoryMb(pid: number): number {
  return Number(/RssAnon:\s+(\d+)/.exec(procFile(pid, 'status'))?.[1] ?? NaN) / 1024;
}

export function openDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return NaN;
  }
}
