import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What this machine tells of a process (Linux). */
export interface SeenProcess {
  readonly pid: number;
  readonly commandLine: string;
  /** What it was started with, `NAME=value` with a NUL between each. */
  readonly environment: string;
}

/** A process and all that come of it, those that lead groups of their own among them. */
export function descendantsOf(root: number): readonly SeenProcess[] {
  const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), parentOf(Number(name))]));
  const isBelow = (pid: number | undefined): boolean => pid !== undefined && pid > 1 && (pid === root || isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow).map((pid) => ({ pid, commandLine: read(pid, 'cmdline'), environment: read(pid, 'environ') }));
}

/** The ports of loopback or of any address (IPv4) on which a process listens. */
export function listeningPorts(pid: number): readonly number[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]));
  const lines = read(pid, 'net/tcp').split('\n').map((line) => line.trim().split(/\s+/));
  return lines.filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode)).map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16));
}

function parentOf(pid: number): number | undefined {
  const stat = read(pid, 'stat');
  return stat === '' ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
