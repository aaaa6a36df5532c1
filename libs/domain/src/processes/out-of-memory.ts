import type { MemoryAccount } from './memory-account';
import type { Command, OutOfMemory, ProcessEvents, ProcessExit, ProcessSpawner, RunningProcess } from './process-spawner';

/** A shell's exit code when the program that it waited for was killed by signal 9. */
const SHELL_SAW_SIGKILL = 137;
const UNITS = ['', 'Ki', 'Mi', 'Gi'] as const;

/**
 * Tells whether memory ran out in some span of time. The system counts its kills and does not say whom it killed; so the
 * count is read when something has died, and compared with what was known when it began. Until then it costs nothing.
 */
export class MemoryWatch {
  private readonly atStart: number | undefined;
  private latest: number | undefined;

  constructor(readonly account: MemoryAccount) {
    this.atStart = this.latest = account.kills();
  }

  /** Kills as they were last read, for `ranOutSince`. */
  get known(): number | undefined {
    return this.latest;
  }

  /** Whether memory ran out since `known` was that. */
  ranOutSince(known: number | undefined): OutOfMemory | undefined {
    this.latest = this.account.kills();
    if (known === undefined || this.latest === undefined || this.latest <= known) return undefined;
    const limitBytes = this.account.limitBytes();
    return limitBytes === undefined ? {} : { limitBytes };
  }

  /** Processes that were killed since this watch began; `undefined` where the system does not say. */
  killed(): number | undefined {
    this.latest = this.account.kills();
    return this.latest === undefined || this.atStart === undefined ? undefined : this.latest - this.atStart;
  }
}

/** Starts processes that the system kills rather than us when memory runs out, and whose exit says so. */
export class MemoryWatchingSpawner implements ProcessSpawner {
  constructor(
    private readonly spawner: ProcessSpawner,
    private readonly watch: MemoryWatch,
  ) {}

  start(command: Command, events: ProcessEvents): RunningProcess {
    const { known } = this.watch;
    const process = this.spawner.start(command, {
      stdout: (chunk) => events.stdout(chunk),
      stderr: (chunk) => events.stderr(chunk),
      outputEnded: () => events.outputEnded(),
      exited: (exit) => events.exited(this.explained(exit, known)),
      failed: (reason) => events.failed(reason),
      drained: () => events.drained(),
    });
    if (process.pid !== undefined) this.watch.account.sacrifice(process.pid);
    return process;
  }

  private explained(exit: ProcessExit, known: number | undefined): ProcessExit {
    if (exit.signal !== 'SIGKILL' && exit.code !== SHELL_SAW_SIGKILL) return exit;
    const outOfMemory = this.watch.ranOutSince(known);
    return outOfMemory ? { ...exit, outOfMemory } : exit;
  }
}

/** `ran out of memory (limit 64 MiB)`. */
export function describeOutOfMemory({ limitBytes }: OutOfMemory): string {
  if (limitBytes === undefined) return 'ran out of memory';
  const { amount, unit } = inLargestUnit(limitBytes);
  return `ran out of memory (limit ${amount} ${unit}B)`;
}

/** `64Mi`, as limits are written. */
export function formatMemory(bytes: number): string {
  const { amount, unit } = inLargestUnit(bytes);
  return `${amount}${unit}`;
}

/** The largest unit of which it is a whole number: nothing is rounded. */
function inLargestUnit(bytes: number): { readonly amount: number; readonly unit: string } {
  let [amount, unit] = [bytes, 0];
  while (amount >= 1_024 && amount % 1_024 === 0 && unit < UNITS.length - 1) {
    amount /= 1_024;
    unit++;
  }
  return { amount, unit: UNITS[unit]! };
}
