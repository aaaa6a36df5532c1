import { FakeProcessSpawner } from '../testing/fake-process-spawner';
import type { MemoryAccount } from './memory-account';
import { describeOutOfMemory, formatMemory, MemoryWatch, MemoryWatchingSpawner } from './out-of-memory';
import type { ProcessExit } from './process-spawner';

const MIB = 1_024 * 1_024;

/** The system, as the test has it count. */
class CountedMemory implements MemoryAccount {
  reads = 0;
  readonly sacrificed: number[] = [];
  limit: number | undefined = 64 * MIB;

  constructor(public count: number | undefined) {}

  kills(): number | undefined {
    this.reads++;
    return this.count;
  }

  limitBytes(): number | undefined {
    return this.limit;
  }

  sacrifice(pid: number): void {
    this.sacrificed.push(pid);
  }
}

describe('MemoryWatchingSpawner', () => {
  let memory: CountedMemory;
  let inner: FakeProcessSpawner;
  let spawner: MemoryWatchingSpawner;

  function watch(kills: number | undefined): void {
    memory = new CountedMemory(kills);
    inner = new FakeProcessSpawner();
    spawner = new MemoryWatchingSpawner(inner, new MemoryWatch(memory));
  }

  /** Starts a process; the result ends it and returns what was told of that. */
  function start(): (exit: ProcessExit) => ProcessExit {
    let told: ProcessExit | undefined;
    const ignore = () => undefined;
    spawner.start({ argv: ['x'], env: {} }, { stdout: ignore, stderr: ignore, outputEnded: ignore, failed: ignore, drained: ignore, exited: (exit) => (told = exit) });
    const { events } = inner.last;
    return (exit) => {
      events.exited(exit);
      return told!;
    };
  }

  it.each<[string, ProcessExit]>([
    ['was killed', { signal: 'SIGKILL' }],
    ['is a shell whose program was killed', { code: 137 }],
  ])('says that memory ran out when the process %s and the count has risen since its start', (_, exit) => {
    watch(3);
    const end = start();
    memory.count = 4;
    expect(end(exit)).toEqual({ ...exit, outOfMemory: { limitBytes: 64 * MIB } });
  });

  it('does not say so when the count has not risen since the start', () => {
    watch(3);
    expect(start()({ signal: 'SIGKILL' })).toEqual({ signal: 'SIGKILL' });
  });

  it('does not say so of a process that began after a kill that is known', () => {
    watch(0);
    const first = start();
    memory.count = 1;
    first({ signal: 'SIGKILL' });
    expect(start()({ signal: 'SIGKILL' })).toEqual({ signal: 'SIGKILL' });
  });

  it('says so of all that are killed at once', () => {
    watch(0);
    const ends = [start(), start()];
    memory.count = 2;
    expect(ends.map((end) => end({ signal: 'SIGKILL' }).outOfMemory)).toEqual([{ limitBytes: 64 * MIB }, { limitBytes: 64 * MIB }]);
  });

  it('names no limit where none is known', () => {
    watch(0);
    memory.limit = undefined;
    const end = start();
    memory.count = 1;
    expect(end({ signal: 'SIGKILL' }).outOfMemory).toEqual({});
  });

  it('says nothing where the system does not count', () => {
    watch(undefined);
    expect(start()({ signal: 'SIGKILL' })).toEqual({ signal: 'SIGKILL' });
  });

  it.each<ProcessExit>([{ code: 0 }, { code: 1 }, { signal: 'SIGSEGV' }])('reads nothing for a process that ends with %j', (exit) => {
    watch(0);
    const { reads } = memory;
    expect(start()(exit)).toEqual(exit);
    expect(memory.reads).toBe(reads);
  });

  it('sacrifices each process', () => {
    watch(0);
    start();
    start();
    expect(memory.sacrificed).toEqual([1, 2]);
  });
});

describe('MemoryWatch.killed()', () => {
  it('counts from its own start', () => {
    const memory = new CountedMemory(5);
    const watch = new MemoryWatch(memory);
    memory.count = 7;
    expect(watch.killed()).toBe(2);
  });

  it('is undefined where the system does not count', () => {
    expect(new MemoryWatch(new CountedMemory(undefined)).killed()).toBeUndefined();
  });
});

describe('formatMemory()', () => {
  it.each([
    [1_000, '1000'],
    [4_096, '4Ki'],
    [64 * MIB, '64Mi'],
    [1_536 * MIB, '1536Mi'],
    [2_048 * MIB, '2Gi'],
    [64 * MIB + 4_096, '65540Ki'],
    [0, '0'],
  ])('writes %i as %s', (bytes, text) => {
    expect(formatMemory(bytes)).toBe(text);
  });
});

describe('describeOutOfMemory()', () => {
  it.each([
    [{ limitBytes: 64 * MIB }, 'ran out of memory (limit 64 MiB)'],
    [{ limitBytes: 1_000 }, 'ran out of memory (limit 1000 B)'],
    [{}, 'ran out of memory'],
  ])('says of %j: %s', (outOfMemory, text) => {
    expect(describeOutOfMemory(outOfMemory)).toBe(text);
  });
});
