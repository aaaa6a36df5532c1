import { ask } from '../../e2e/ask';
import type { GatewayProcess } from '../../e2e/gateway-process';
import { ownMemoryBytes, processTree } from '../../processes';

const PAUSE_MS = 50;

/** What a path was like to somebody who asked for it all the time, one request after the other, on a new connection each. */
export interface Looks {
  readonly count: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Other than 200. */
  readonly wrong: readonly string[];
}

export interface Beside<T> {
  readonly result: T;
  readonly looks: Readonly<Record<string, Looks>>;
  /** Of all processes of the gateway together, above what it was before. */
  readonly memoryMb: number;
}

/** Does `work`, asks for `paths` all the while, and measures what the gateway's own processes take. */
export async function beside<T>(gateway: GatewayProcess, paths: readonly string[], work: () => Promise<T>): Promise<Beside<T>> {
  let over = false;
  // Looking for them takes a processor longer than all that is asked here.
  const own = processTree(gateway.pid).filter(({ command }) => /gateway\/|watchdog\//.test(command));
  const memoryMb = () => own.reduce((sum, { pid }) => sum + (ownMemoryBytes(pid) || 0), 0) / (1024 * 1024);
  const before = memoryMb();
  let most = before;
  const loops = paths.map(async (path) => {
    const times: number[] = [];
    const wrong: string[] = [];
    do {
      const startedMs = performance.now();
      const answer = await ask(gateway.url, 'GET', path, { headers: gateway.authorization() }).catch((error: Error) => ({ status: 0, text: error.message }));
      times.push(performance.now() - startedMs);
      if (answer.status !== 200) wrong.push(`${answer.status} ${answer.text}`);
      most = Math.max(most, memoryMb());
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } while (!over);
    times.sort((a, b) => a - b);
    return [path, { count: times.length, p99Ms: Math.round(times[Math.floor(times.length * 0.99)]!), maxMs: Math.round(times.at(-1)!), wrong }] as const;
  });
  try {
    const result = await work();
    over = true;
    return { result, looks: Object.fromEntries(await Promise.all(loops)), memoryMb: Math.round(most - before) };
  } finally {
    over = true;
  }
}
