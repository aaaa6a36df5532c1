import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CgroupMemory } from './cgroup-memory';

const MIB = 1_024 * 1_024;

describe('CgroupMemory', () => {
  let folder: string;
  let child: ChildProcess;
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  const scoreOf = ({ pid }: ChildProcess) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-cgroup-'));
    child = spawn('sleep', ['1000']);
  });
  afterEach(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  }

  const version1 = (kills: number, limit: string) => ({
    'memory/memory.oom_control': `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`,
    'memory/memory.limit_in_bytes': `${limit}\n`,
  });
  const version2 = (kills: number, limit: string) => ({
    'memory.events': `low 0\nhigh 0\nmax 41\noom 9\noom_kill ${kills}\noom_group_kill 8\n`,
    'memory.max': `${limit}\n`,
  });

  it.each([
    ['1', version1(2, '67108864'), version1(3, '67108864')],
    ['2', version2(2, '67108864'), version2(3, '67108864')],
  ])('reads kills and limit of version %s, anew each time', (_, before, after) => {
    write(before);
    const memory = new CgroupMemory(folder);
    expect([memory.kills(), memory.limitBytes()]).toEqual([2, 64 * MIB]);
    write(after);
    expect(memory.kills()).toBe(3);
  });

  it.each([
    ['1', version1(0, '9223372036854771712')],
    ['2', version2(0, 'max')],
  ])('knows no limit where version %s has none', (_, files) => {
    write(files);
    const memory = new CgroupMemory(folder);
    expect([memory.kills(), memory.limitBytes()]).toEqual([0, undefined]);
  });

  it.each([
    ['there is no control group', {}],
    ['the kernel does not count', { 'memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\n', 'memory/memory.limit_in_bytes': '67108864\n' }],
  ])('knows nothing where %s', (_, files) => {
    write(files);
    const memory = new CgroupMemory(folder);
    expect([memory.kills(), memory.limitBytes()]).toEqual([undefined, undefined]);
    memory.sacrifice(child.pid!);
    expect(scoreOf(child)).toBe(own);
  });

  it.each([
    ['96 MiB of it', 1_024, 94],
    ['no more than the kernel takes', 20, 1_000],
  ])('has a process count for more than this one under a limit: by %s', (_, limitMib, more) => {
    write(version2(0, String(limitMib * MIB)));
    new CgroupMemory(folder).sacrifice(child.pid!);
    expect(scoreOf(child)).toBe(Math.min(own + more, 1_000));
  });

  it('does not mind a process that has ended', async () => {
    write(version2(0, '67108864'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(() => new CgroupMemory(folder).sacrifice(child.pid!)).not.toThrow();
  });

  it('does not mind a limit that it cannot read', () => {
    write({ 'memory.events': 'oom_kill 1\n' });
    const memory = new CgroupMemory(folder);
    expect([memory.kills(), memory.limitBytes()]).toEqual([1, undefined]);
  });
});
