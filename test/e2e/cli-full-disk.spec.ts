import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeUnlessMissing } from '../describe-with';
import { Cli } from './cli-process';

const disk = mkdtempSync(join(tmpdir(), 'shoal-small-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk]).status === 0;

afterAll(() => {
  if (mounted) spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
});

describeUnlessMissing('shoal, on a disk that is full', mounted ? undefined : 'a disk of 128 KiB: only root may mount one', () => {
  const cli = new Cli();
  const shoal = (...args: readonly string[]) => cli.run(args, { cwd: disk });
  const fill = () => {
    for (let bytes = 64 * 1024; bytes >= 512; bytes /= 2) {
      try {
        writeFileSync(join(disk, `filler-${bytes}`), Buffer.alloc(bytes), { flag: 'ax' });
      } catch {
        // That much is not left; half of it may be.
        rmSync(join(disk, `filler-${bytes}`), { force: true });
      }
    }
  };
  const own = () => readdirSync(disk).filter((name) => !name.startsWith('filler'));

  afterAll(() => cli.dispose());

  it('says so when it makes a function, and makes none of it', async () => {
    fill();
    const { code, stderr } = await shoal('new', 'hello', '--lang', 'node');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^Error: ENOSPC: no space left on device/) });
    expect([existsSync(join(disk, 'hello')), existsSync(join(disk, 'stack.yaml'))]).toEqual([false, false]);
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
  });

  it('says so when it builds, and leaves no half of a bundle', async () => {
    expect(await shoal('new', 'hello', '--lang', 'node')).toMatchObject({ code: 0 });
    fill();
    const { code, stderr } = await shoal('build', '--bundle');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^Error: ENOSPC: no space left on device/) });
    const bundles = join(disk, 'build/bundles');
    expect(existsSync(bundles) ? readdirSync(bundles) : []).toEqual([]);
    expect(own().sort()).toEqual(['.gitignore', 'build', 'hello', 'stack.yaml', 'template'].filter((name) => name !== 'build' || existsSync(join(disk, 'build'))));
  });
});
