import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What this machine tells of a process (Linux). */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** With a blank between arguments. */
  readonly command: string;
}

/** A file of a process; empty when that has ended, or is not ours to read. */
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

/** Whether it is there and not ended: who has ended has no command line, though nobody may have asked for its end yet. */
export const isRunning = (pid: number): boolean => procFile(pid, 'cmdline') !== '';

/** Ids of processes whose parent is `pid`, whichever of its threads started them, and whose command line has `part`. */
export function childrenOf(pid: number, part = ''): readonly number[] {
  return namesIn(`/proc/${pid}/task`)
    .flatMap((thread) => procFile(pid, `task/${thread}/children`).split(' '))
    .map(Number)
    .filter((child) => child > 0 && procFile(child, 'cmdline').includes(part));
}

/** `root` and all below it, as they are now, those that lead groups of their own among them. */
export function processTree(root: number): readonly SeenProcess[] {
  const all = allPids().map((pid): SeenProcess => ({
    pid,
    parent: Number(/\) . (\d+) [^)]*$/.exec(procFile(pid, 'stat'))?.[1] ?? 0),
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

/** Ids of processes that have `entry` (`NAME=value`) in their environment, wherever they have gone. */
export function processesWith(entry: string): readonly number[] {
  return allPids().filter((pid) => pid > 1 && `\0${procFile(pid, 'environ')}`.includes(`\0${entry}\0`));
}

/** Memory that a process has of its own, without pages of files that are mapped into it: those the system takes back. `NaN` when it has ended. */
export function ownMemoryBytes(pid: number): number {
  return 1024 * Number(/RssAnon:\s+(\d+)/.exec(procFile(pid, 'status'))?.[1] ?? NaN);
}

/** `NaN` when it has ended. */
export function openDescriptors(pid: number): number {
  return namesIn(`/proc/${pid}/fd`).length || NaN;
}

/** The ports of loopback or of any address (IPv4) on which a process listens. */
export function listeningPorts(pid: number): readonly number[] {
  const inodes = new Set(namesIn(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]));
  const lines = procFile(pid, 'net/tcp').split('\n').map((line) => line.trim().split(/\s+/));
  return lines.filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode)).map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // It has ended.
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
