import { FakeClock } from '../testing/fake-clock';
import { FakeProcessSpawner } from '../testing/fake-process-spawner';
import { KeepRunning, type RestartReason } from './keep-running';
import type { ProcessExit } from './process-spawner';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('KeepRunning', () => {
  let clock: FakeClock;
  let spawner: FakeProcessSpawner;
  let listening: boolean;
  let kept: KeepRunning;
  let restarts: RestartReason[];
  let noPort: Error | undefined;

  beforeEach(async () => {
    clock = new FakeClock();
    spawner = new FakeProcessSpawner();
    listening = true;
    restarts = [];
    noPort = undefined;
    kept = new KeepRunning(spawner, clock, {
      next: async () => {
        if (noPort) throw noPort;
        return { command: { argv: ['x'], env: {} }, probe: async () => listening, expectation: 'listen at port 1' };
      },
      startTimeoutMs: 3_000,
      killGraceMs: 500,
      stdout: () => undefined,
      stderr: () => undefined,
      changed: () => undefined,
      restarting: (reason) => restarts.push(reason),
    });
    await settled();
  });

  async function advance(ms: number, stepMs = 15): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs);
      await settled();
    }
  }

  it('is ready when the probe succeeds', () => {
    expect(spawner.started).toHaveLength(1);
    expect(kept).toMatchObject({ ready: true, failure: undefined });
  });

  it('starts again after a crash, each time after twice the wait', async () => {
    for (const waitMs of [100, 200, 400, 800]) {
      const before = spawner.started.length;
      spawner.last.events.exited({ code: 3 });
      expect(kept).toMatchObject({ ready: false, failure: 'exited with code 3' });
      clock.advance(waitMs - 1);
      await settled();
      expect(spawner.started).toHaveLength(before);
      clock.advance(1);
      await settled();
      expect(spawner.started).toHaveLength(before + 1);
      expect(kept).toMatchObject({ ready: true, failure: undefined });
    }
  });

  it('tries again when there is no place for a process', async () => {
    noPort = new Error('no port');
    spawner.last.events.exited({ code: 1 });
    clock.advance(100);
    await settled();
    expect(kept).toMatchObject({ ready: false, failure: 'no port' });
    noPort = undefined;
    clock.advance(200);
    await settled();
    expect(kept).toMatchObject({ ready: true, failure: undefined });
  });

  it('is quick again once it has run for a while', async () => {
    spawner.last.events.exited({ code: 1 });
    clock.advance(100);
    await settled();
    clock.advance(10_001);
    spawner.last.events.exited({ signal: 'SIGSEGV' });
    expect(kept.failure).toBe('was killed by SIGSEGV');
    clock.advance(100);
    await settled();
    expect(spawner.started).toHaveLength(3);
  });

  it('kills what does not become ready in time, and says what it should have done', async () => {
    listening = false;
    spawner.last.events.exited({ code: 1 });
    await advance(105);
    const slow = spawner.last;
    await advance(3_000);
    expect(kept.failure).toBe('did not listen at port 1 within 3s');
    expect(restarts).toEqual(['exited', 'not-ready-in-time']);
    expect(slow.signals).toEqual(['SIGTERM']);
  });

  it('kills the remaining group of a process that ended', () => {
    const { last } = spawner;
    last.events.exited({ code: 0 });
    expect(last.signals[0]).toBe('SIGKILL');
  });

  it('replaces its process without a back-off, when the old one is dead', async () => {
    const old = spawner.last;
    const replaced = kept.replace();
    expect(kept).toMatchObject({ ready: false, failure: undefined });
    expect(old.signals).toEqual(['SIGTERM']);
    clock.advance(500);
    expect(old.signals).toEqual(['SIGTERM', 'SIGKILL']);
    old.events.exited({ signal: 'SIGKILL' });
    await replaced;
    await settled();
    expect(spawner.started).toHaveLength(2);
    expect(kept.ready).toBe(true);
    expect(restarts).toEqual(['replaced']);
  });

  it.each<[ProcessExit, string, RestartReason]>([
    [{ code: 3 }, 'exited with code 3', 'exited'],
    [{ signal: 'SIGSEGV' }, 'was killed by SIGSEGV', 'killed'],
    [{ signal: 'SIGKILL', outOfMemory: { limitBytes: 67_108_864 } }, 'ran out of memory (limit 64 MiB)', 'out-of-memory'],
  ])('says of %j why it is started again', (exit, failure, reason) => {
    spawner.last.events.exited(exit);
    expect(kept.failure).toBe(failure);
    expect(restarts).toEqual([reason]);
  });

  it('says why it could not be started', () => {
    spawner.last.events.failed('ENOENT: no such file');
    expect(kept.failure).toBe('ENOENT: no such file');
    expect(restarts).toEqual(['not-started']);
  });

  it('stops for good', async () => {
    const { last } = spawner;
    const stopped = kept.stop();
    last.events.exited({ signal: 'SIGTERM' });
    await stopped;
    await advance(1_000, 100);
    expect(spawner.started).toHaveLength(1);
    expect(kept.ready).toBe(false);
  });
});
