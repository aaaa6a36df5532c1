import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayProcess } from '../../e2e/gateway-process';
import { openDescriptors, ownMemoryBytes, processTree, procFile } from '../../processes';

/** What one quantity was, each time that somebody looked. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  /** More of it over the second half, by the line through its samples, is a leak. */
  readonly mayGrow: number;
  readonly values: number[];
}

const MIB = 1024 * 1024;

/** Samples of the processes of one gateway, and of what it keeps on the disk. */
export class SoakSamples {
  readonly atMs: number[] = [];
  private readonly byName = new Map<string, Series>();

  constructor(
    private readonly gateway: GatewayProcess,
    private readonly bounds: { readonly memoryMb: number; readonly descriptors: number; readonly processes: number; readonly diskMb: number },
  ) {}

  get series(): readonly Series[] {
    return [...this.byName.values()];
  }

  async take(): Promise<void> {
    const { memoryMb, descriptors, processes, diskMb } = this.bounds;
    const tree = processTree(this.gateway.pid);
    this.atMs.push(performance.now());
    const hosts = new Set(tree.filter(({ command }) => roleOf(command) === 'host').map(({ pid }) => pid));
    for (const { pid, parent, command } of tree) {
      const name = roleOf(command);
      // A process that the host has just made is named like it at first.
      if (name === undefined || hosts.has(parent)) continue;
      this.add(`${name} ${pid}: resident`, 'MB', memoryMb, ownMemoryBytes(pid) / MIB);
      this.add(`${name} ${pid}: descriptors`, '', descriptors, openDescriptors(pid));
      this.add(`${name} ${pid}: threads`, '', descriptors, Number(/Threads:\s+(\d+)/.exec(procFile(pid, 'status'))?.[1]));
    }
    this.add('processes', '', processes, tree.length);
    this.add('heap of the gateway', 'MB', memoryMb, (await this.metric('nodejs_heap_size_used_bytes')) / MIB);
    this.add('handles of the gateway', '', descriptors, await this.metric('nodejs_active_handles_total'));
    this.add('queue.mdb', 'MB', diskMb, sizeOf(join(this.gateway.home, 'queue')) / MIB);
    this.add('data directory', 'MB', diskMb, sizeOf(this.gateway.home) / MIB);
  }

  private add(name: string, unit: string, mayGrow: number, value: number): void {
    const series = this.byName.get(name) ?? { name, unit, mayGrow, values: [] };
    this.byName.set(name, series);
    series.values.push(value);
  }

  private async metric(name: string): Promise<number> {
    const text = await (await fetch(this.gateway.metricsUrl)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  }
}

/** Functions are not ours to judge. */
function roleOf(command: string): string | undefined {
  if (command.includes('gateway/main.cjs')) return 'gateway';
  if (command.includes('data-plane-worker.cjs')) return 'worker';
  if (command.includes('watchdog/main.cjs')) return 'host';
  return undefined;
}

function sizeOf(path: string): number {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stat.blocks * 512;
  } catch {
    return 0; // Gone meanwhile.
  }
}

export interface Trend {
  readonly perHour: number;
  /** By the line, from the middle to the end. */
  readonly growth: number;
  readonly least: number;
  readonly most: number;
}

/** Of the second half, by least squares. */
export function trendOf(atMs: readonly number[], values: readonly number[]): Trend {
  const from = Math.floor(values.length / 2);
  const [times, ys] = [atMs.slice(from), values.slice(from)];
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanTime, meanY] = [mean(times), mean(ys)];
  const spread = times.reduce((sum, time) => sum + (time - meanTime) ** 2, 0);
  const slope = spread === 0 ? 0 : times.reduce((sum, time, i) => sum + (time - meanTime) * (ys[i]! - meanY), 0) / spread;
  return { perHour: slope * 3_600_000, growth: slope * (times.at(-1)! - times[0]!), least: Math.min(...ys), most: Math.max(...ys) };
}
