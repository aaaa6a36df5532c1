import { readFileSync } from 'node:fs';

/** Of the files that may be open, so many are kept for all but connections: pipes, files, listeners. */
const KEPT = 64;
/** A connection that has come needs one more for where it leads to. A process that is started for a call needs pipes besides: where there are none left, that call fails. */
const FOR_EACH = 2;
const FEWEST = 16;
/** What goes on for long is said so often. */
const SAY_AGAIN_MS = 60_000;

/** How many connections a server takes at a time, and what is to be told of each that it does not. */
export interface ConnectionRoom {
  readonly connections: number;
  refused(): void;
}

/**
 * As many connections as this process can pass on with the files that it may have open (`ulimit -n`): a server that runs out of
 * them can neither take a connection nor turn it away. Unbounded where nobody says how many.
 */
export function connectionRoom(say: (text: string) => void, limit = openFilesLimit()): ConnectionRoom {
  const connections = Math.max(FEWEST, Math.floor((limit - KEPT) / FOR_EACH));
  let refused = 0;
  let saidMs = -Infinity;
  return {
    connections,
    refused: () => {
      refused++;
      if (performance.now() - saidMs < SAY_AGAIN_MS) return;
      say(`connections are refused (${refused}): ${connections} are open, which is what ${limit} open files are enough for; raise that limit (ulimit -n)`);
      saidMs = performance.now();
      refused = 0;
    },
  };
}

function openFilesLimit(): number {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}
