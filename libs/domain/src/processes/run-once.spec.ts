import { FakeClock } from '../testing/fake-clock';
import { FakeProcessSpawner, type FakeProcess } from '../testing/fake-process-spawner';
import { RunOnce, type RunOnceOptions } from './run-once';

const bytes = (...values: number[]) => Uint8Array.from(values);
const command = { argv: ['x'], env: {} };

describe('RunOnce', () => {
  let clock: FakeClock;
  let output: Uint8Array[];
  let stderr: Uint8Array[];

  beforeEach(() => {
    clock = new FakeClock();
    output = [];
    stderr = [];
  });

  function start(options: Partial<RunOnceOptions> = {}): { run: RunOnce; process: FakeProcess } {
    const spawner = new FakeProcessSpawner();
    const defaults = { command, execTimeoutMs: 1_000, killGraceMs: 500, heldOutputBytes: 4, combineOutput: false };
    const events = {
      output: (chunk: Uint8Array) => void output.push(chunk),
      stderr: (chunk: Uint8Array) => void stderr.push(chunk),
      drained: () => undefined,
    };
    const run = new RunOnce(spawner, clock, { ...defaults, ...options }, events);
    return { run, process: spawner.last };
  }

  it('results in its exit and all of its output, and leaves nothing of its group', async () => {
    const { run, process } = start();
    process.events.stdout(bytes(1, 2));
    process.events.exited({ code: 3 });
    process.events.stdout(bytes(3));
    process.events.outputEnded();
    await expect(run.result).resolves.toEqual({ kind: 'exited', exit: { code: 3 }, held: [bytes(1, 2), bytes(3)] });
    await run.gone;
    expect(process.signals).toEqual(['SIGKILL']);
    expect(process.outputClosed).toBe(true);
  });

  it('does not wait for who holds its output open', async () => {
    const { run, process } = start();
    process.events.stdout(bytes(1));
    process.events.exited({ code: 0 });
    clock.advance(100);
    await expect(run.result).resolves.toMatchObject({ kind: 'exited', held: [bytes(1)] });
    expect(process.signals).toEqual(['SIGKILL']);
  });

  it('passes on what is more than it holds back, from the beginning', async () => {
    const { run, process } = start();
    process.events.stdout(bytes(1, 2, 3));
    expect(output).toEqual([]);
    process.events.stdout(bytes(4, 5));
    process.events.stdout(bytes(6));
    expect(output).toEqual([bytes(1, 2, 3), bytes(4, 5), bytes(6)]);
    process.events.exited({ code: 0 });
    process.events.outputEnded();
    await expect(run.result).resolves.toMatchObject({ held: [] });
  });

  it.each([
    [true, [[bytes(1), bytes(2)], []]],
    [false, [[bytes(1)], [bytes(2)]]],
  ])('with combineOutput=%s takes stderr accordingly', async (combineOutput, [held, errors]) => {
    const { run, process } = start({ combineOutput });
    process.events.stdout(bytes(1));
    process.events.stderr(bytes(2));
    process.events.exited({ code: 0 });
    process.events.outputEnded();
    await expect(run.result).resolves.toMatchObject({ held });
    expect(stderr).toEqual(errors);
  });

  it('answers at the time-out, terminates, and kills after the grace', async () => {
    const { run, process } = start();
    clock.advance(999);
    expect(process.signals).toEqual([]);
    clock.advance(1);
    await expect(run.result).resolves.toEqual({ kind: 'timed-out' });
    expect(process.signals).toEqual(['SIGTERM']);
    clock.advance(500);
    await run.gone;
    expect(process.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('kills what is left of the group as soon as its leader heeds SIGTERM', async () => {
    const { run, process } = start();
    clock.advance(1_000);
    process.events.exited({ signal: 'SIGTERM' });
    await run.gone;
    expect(process.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('has no time-out when that is 0', async () => {
    const { process } = start({ execTimeoutMs: 0 });
    clock.advance(1_000_000);
    expect(process.signals).toEqual([]);
  });

  it('stops when nobody wants the answer, once', async () => {
    const { run, process } = start();
    run.stop();
    run.stop();
    await expect(run.result).resolves.toEqual({ kind: 'stopped' });
    process.events.exited({ signal: 'SIGTERM' });
    await run.gone;
    expect(process.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('says why it could not start', async () => {
    const { run, process } = start();
    process.events.failed('spawn x ENOENT');
    await expect(run.result).resolves.toEqual({ kind: 'not-started', reason: 'spawn x ENOENT' });
    await run.gone;
  });

  it('ignores what comes after the result', async () => {
    const { run, process } = start();
    run.stop();
    process.events.stdout(bytes(1, 2, 3, 4, 5));
    process.events.exited({ code: 0 });
    process.events.outputEnded();
    await expect(run.result).resolves.toEqual({ kind: 'stopped' });
    expect(output).toEqual([]);
  });
});
