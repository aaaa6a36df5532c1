import { LmdbInvocationQueue } from '@shoal/adapters/lmdb/lmdb-invocation-queue';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { laneOf } from '@shoal/domain/queue/lane';
import { messageOf } from '@shoal/domain/shared/errors';
import { createInterface } from 'node:readline';
import { bodyOf, CALLS, FUNCTION, SETTINGS, stored } from './stored-calls';

/** What became of one folder. */
export interface Opened {
  readonly folder: string;
  /** Why it could not be opened. */
  readonly refused?: string;
  readonly warnings: readonly string[];
  /** States by id, of the calls that are known to have been there. */
  readonly states: Readonly<Record<string, string>>;
  /** What was wrong with what it gave out. */
  readonly wrong: readonly string[];
  /** What the next start warned of, after calls were taken, ended and stored. */
  readonly warningsAgain: readonly string[];
}

const NEW_CALLS = 60;
const clock = new SystemClock();

/** A process of its own, for it may die: opens the folder of each line that it reads, uses the queue, and says in a line what came of it. */
async function main(): Promise<void> {
  for await (const folder of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await open(folder))}\n`);
}

async function open(folder: string): Promise<Opened> {
  const warnings: string[] = [];
  const states: Record<string, string> = {};
  const wrong: string[] = [];
  try {
    const queue = await LmdbInvocationQueue.open({ ...SETTINGS, folder, clock, warn: (text) => warnings.push(text) });
    for (let i = 0; i < CALLS; i++) {
      const id = `c${i}`;
      const found = await queue.find(id);
      if (found) states[id] = found.record.state;
      if (found?.answer && !Buffer.from(found.answer.body!).equals(bodyOf(id))) wrong.push(`the answer of ${id}`);
    }
    // At once: they share a commit.
    await Promise.all(Array.from({ length: NEW_CALLS }, (_, i) => queue.publish(stored(`n${i}`))));
    await Promise.all((await queue.deadLetters({ most: CALLS })).map(({ id }) => queue.redrive(id)));
    for (const kind of ['call', 'callback'] as const) {
      for (;;) {
        const claims = await queue.take(laneOf(kind, FUNCTION), 50);
        if (claims.length === 0) break;
        const settling = claims.map((claim) => {
          if (!Buffer.from(claim.call.body).equals(bodyOf(claim.call.id))) wrong.push(`the body of ${claim.call.id}`);
          const { callback: _, ...record } = claim.record;
          return queue.settle(claim, kind === 'call' ? { kind: 'end', record: { ...record, state: 'succeeded', endedMs: clock.nowMs() }, answer: { status: 200, headers: [], body: bodyOf(claim.call.id) } } : { kind: 'callback-end', record });
        });
        await Promise.all(settling);
      }
    }
    await queue.depths();
    await queue.close();
    const warningsAgain: string[] = [];
    await (await LmdbInvocationQueue.open({ ...SETTINGS, folder, clock, warn: (text) => warningsAgain.push(text) })).close();
    return { folder, warnings, states, wrong, warningsAgain };
  } catch (error) {
    return { folder, refused: messageOf(error), warnings, states, wrong, warningsAgain: [] };
  }
}

void main();
