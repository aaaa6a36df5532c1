import { LmdbInvocationQueue } from '@shoal/adapters/lmdb/lmdb-invocation-queue';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import type { Claim } from '@shoal/domain/queue/invocation-queue';
import { laneOf } from '@shoal/domain/queue/lane';
import { parseRetryPolicy } from '@shoal/domain/queue/retry-policy';

/** A process that publishes and settles calls in the folder it is given, and says so line by line once each is durable, until it is killed. */
const clock = new SystemClock();
const FUNCTION = 'f.openfaas-fn';
const PUBLISHERS = 20;

async function main(): Promise<void> {
  const queue = await LmdbInvocationQueue.open({
    folder: process.argv[2]!,
    maxBodyBytes: 1024,
    maxCalls: 1_000_000,
    keepEndedMs: 60_000,
    keepDeadMs: 60_000,
    clock,
    warn: () => undefined,
  });
  let count = 0;
  const publish = async () => {
    for (;;) {
      const id = `c${count++}`;
      await queue.publish({ id, idChosen: false, functionKey: FUNCTION, method: 'POST', rest: '/', headers: [], body: Buffer.from(id), acceptedMs: clock.nowMs(), retry: parseRetryPolicy({}), concurrency: 1 });
      process.stdout.write(`stored ${id}\n`);
    }
  };
  const settle = async (claim: Claim) => {
    await queue.settle(claim, { kind: 'end', record: { ...claim.record, state: 'succeeded', endedMs: clock.nowMs() } });
    process.stdout.write(`ended ${claim.call.id}\n`);
  };
  const work = async () => {
    for (;;) {
      const claims = await queue.take(laneOf('call', FUNCTION), PUBLISHERS / 2);
      // Not all, so that there is something of everything.
      await Promise.all(claims.slice(0, PUBLISHERS / 4).map(settle));
      // An empty lane is answered at once, and would leave nobody else a turn.
      await new Promise(setImmediate);
    }
  };
  await Promise.all([work(), ...Array.from({ length: PUBLISHERS }, publish)]);
}

void main();
