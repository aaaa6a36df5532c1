import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { FunctionHostProcess } from './function-host-process';

/** Says where it listens, which is its id, and nothing more. */
const SILENT = `process.send({ type: 'listening', port: process.pid, token: 't' });
process.on('disconnect', () => process.exit());
process.on('message', () => process.send({ type: 'alive' }));`;

describe('FunctionHostProcess', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-host-'));
  const silent = join(folder, 'silent.cjs');
  writeFileSync(silent, SILENT);
  afterAll(() => rmSync(folder, { recursive: true }));

  let script: string;
  let clock: FakeClock;
  let host: FunctionHostProcess;
  let listening: number[];
  let lost: string[];
  let heard: (() => void) | undefined;
  beforeEach(() => {
    script = silent;
    clock = new FakeClock();
    [listening, lost] = [[], []];
    host = new FunctionHostProcess({
      get script() {
        return script;
      },
      mark: 'NONE=none',
      killMarked: () => undefined,
      clock,
      listening: (url) => (listening.push(Number(new URL(url).port)), heard?.()),
      warn: () => undefined,
      state: () => undefined,
      removed: () => undefined,
      lost: (reason) => (lost.push(reason), heard?.()),
    });
  });
  afterEach(() => host.stop());
  const next = () => new Promise<void>((resolve) => (heard = resolve));

  it('replaces a host that has said nothing for 30 s, and not before', async () => {
    await host.start();
    clock.advance(29_000);
    expect(lost).toEqual([]);
    const ended = next();
    clock.advance(1_000);
    await ended;
    expect(lost).toEqual(['the function host ended (it had said nothing for 30 s)']);
    const another = next();
    clock.advance(50);
    await another;
    expect(listening).toHaveLength(2);
    expect(listening[1]).not.toBe(listening[0]);
  });

  it('tries on until the system lets a host start that it has refused at once', async () => {
    // Longer than any argument may be: as with an environment that is too long, or without memory, the call itself throws.
    script = `/${'x'.repeat(200_000)}`;
    await expect(host.start()).rejects.toThrow('E2BIG');
    clock.advance(50);
    expect(lost).toEqual(Array(2).fill(expect.stringContaining('spawn E2BIG')));
    script = silent;
    const started = next();
    clock.advance(100);
    await started;
    expect(listening).toHaveLength(1);
  });
});
