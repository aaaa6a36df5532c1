import { isCallBatch } from '@shoal/domain/invocation/call-log';
import { isAmount, isCount, isText, listOf, mapOf, optional, shape, variantOf, type Check } from '@shoal/domain/shared/shape';
import type { FromWorker } from './messages';

const isCounts = shape({ key: isText, waiting: isCount, running: mapOf(isCount) });
const isUsage = shape({ residentBytes: isAmount, cpuSeconds: isAmount });

const areMessages = listOf(
  variantOf('kind', {
    want: shape({ key: isText, calls: isCount, received: isCount }),
    giveBack: shape({ key: isText, replicaId: isText, grant: isCount, permits: isCount }),
    report: shape({ batch: isCallBatch, counts: listOf(isCounts), usage: optional(isUsage) }),
    listening: shape({ port: isCount }),
    failed: shape({ message: isText }),
    wake: shape({ order: isCount, key: isText }),
    unreachable: shape({ id: shape({ name: isText, namespace: isText }), replicaId: isText }),
  } satisfies Record<FromWorker['kind'], Check>),
);

/** Whether these are messages of a worker. One that says anything else has to be ended: what it has and does cannot be counted any more. */
export function areFromWorker(messages: unknown): messages is readonly FromWorker[] {
  return areMessages(messages);
}
