import { readFileSync } from 'node:fs';
import { reapOrphans } from '@shoal/adapters/process/reap-orphans';

declare const Bun: { spawn(argv: readonly string[]): { readonly pid: number; readonly exited: Promise<number> } };

/** Starts a process and waits for its end without letting Bun see it. */
function endedChild(): ReturnType<typeof Bun.spawn> {
  const child = Bun.spawn(['sh', '-c', 'exit 7']);
  while (stateOf(child.pid) !== 'Z');
  return child;
}

/** As in `ps`: `Z` of one that has ended and that nobody has waited for; `undefined` when nothing is left. */
function stateOf(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1];
  } catch {
    return undefined;
  }
}

describe('reapOrphans()', () => {
  it('leaves nothing of all children that have ended', () => {
    const pids = [endedChild().pid, endedChild().pid];
    reapOrphans(new Set());
    expect(pids.map(stateOf)).toEqual([undefined, undefined]);
  });

  it('leaves those alone that somebody else waits for', async () => {
    const { pid, exited } = endedChild();
    reapOrphans(new Set([pid]));
    expect(stateOf(pid)).toBe('Z');
    expect(await exited).toBe(7);
  });
});
