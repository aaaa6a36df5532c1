import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLocked, lockDirectory } from './directory-lock';

/** Runs `action` while this process can open no file any more. */
function withoutDescriptors(action: () => void): void {
  const limit = (of: string) => spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${of}:`], { encoding: 'utf8' });
  const soft = spawnSync('prlimit', ['--pid', String(process.pid), '--nofile', '--noheadings', '--raw', '--output=SOFT'], { encoding: 'utf8' }).stdout.trim();
  const opened: number[] = [openSync('/dev/null', 'r')];
  expect(limit(String(opened[0]! + 50)).status).toBe(0);
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch {
    action();
  } finally {
    for (const fd of opened) closeSync(fd);
    expect(limit(soft).status).toBe(0);
  }
}

describe('lockDirectory', () => {
  const home = mkdtempSync(join(tmpdir(), 'shoal-lock-'));
  afterAll(() => rmSync(home, { recursive: true }));

  it('leaves the lock of a gateway that runs when it cannot even look at it', () => {
    const unlock = lockDirectory(home);
    const text = readFileSync(join(home, 'gateway.pid'), 'utf8');
    let refusal: unknown;
    withoutDescriptors(() => {
      try {
        lockDirectory(home);
      } catch (error) {
        refusal = error;
      }
    });
    expect(refusal).toMatchObject({ code: 'backend-unavailable', message: expect.stringContaining('EMFILE') });
    expect(readFileSync(join(home, 'gateway.pid'), 'utf8')).toBe(text);
    expect(isLocked(home)).toBe(true);
    unlock();
    expect(isLocked(home)).toBe(false);
  });
});
