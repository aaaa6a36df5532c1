import { FakeProcessSpawner } from '../testing/fake-process-spawner';
import type { ProcessEvents } from './process-spawner';
import { PrestartedSpawner } from './prestarted-spawner';

const command = { argv: ['x'], env: {} };

describe('PrestartedSpawner', () => {
  let inner: FakeProcessSpawner;
  let reasons: string[];
  let seen: string[];
  let spawner: PrestartedSpawner;

  beforeEach(() => {
    inner = new FakeProcessSpawner();
    [reasons, seen] = [[], []];
    spawner = new PrestartedSpawner(inner, command, 2, (reason) => reasons.push(reason));
  });

  const user: ProcessEvents = {
    stdout: () => seen.push('stdout'),
    stderr: () => seen.push('stderr'),
    outputEnded: () => seen.push('outputEnded'),
    exited: () => seen.push('exited'),
    failed: () => seen.push('failed'),
    drained: () => seen.push('drained'),
  };

  it('hands out a process that waits, tells its user all, and starts another', () => {
    expect(inner.started).toHaveLength(2);
    const [first] = inner.started;
    expect(spawner.start(command, user)).toBe(first);
    expect(inner.started).toHaveLength(3);
    first!.events.stdout(Uint8Array.of(1));
    first!.events.stderr(Uint8Array.of(1));
    first!.events.drained();
    first!.events.exited({ code: 0 });
    first!.events.outputEnded();
    expect(seen).toEqual(['stdout', 'stderr', 'drained', 'exited', 'outputEnded']);
    expect(reasons).toEqual([]);
  });

  it.each<[string, (events: ProcessEvents) => void]>([
    ['writes', (events) => events.stdout(Uint8Array.of(1))],
    ['complains', (events) => events.stderr(Uint8Array.of(1))],
    ['ends', (events) => events.exited({ code: 0 })],
    ['cannot start', (events) => events.failed('ENOENT')],
  ])('gives up, once, when one that waits %s', (_what, act) => {
    for (const { events } of inner.started.slice()) act(events);
    expect(reasons).toHaveLength(1);
    expect(inner.started.map(({ signals, outputClosed }) => [signals, outputClosed])).toEqual([
      [['SIGKILL'], true],
      [['SIGKILL'], true],
    ]);
    // From here on each call starts its own.
    spawner.start(command, user);
    expect(inner.started).toHaveLength(3);
  });

  it('kills those that wait when it stops, and leaves those in use alone', () => {
    const used = spawner.start(command, user);
    spawner.stop();
    expect(inner.started.map(({ signals }) => signals.length)).toEqual([0, 1, 1]);
    expect(used).toBe(inner.started[0]);
  });
});
