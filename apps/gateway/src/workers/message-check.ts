import { isCallBatch } from '@shoal/domain/invocation/call-log';
import type { FromWorker } from './messages';

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isAmount: Check = (value) => Number.isFinite(value) && (value as number) >= 0;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const hasAll = (checks: Readonly<Record<string, Check>>): Check => (value) => isFields(value) && Object.entries(checks).every(([name, check]) => check(value[name]));

const isCounts = hasAll({ key: isText, waiting: isCount, running: (value) => isFields(value) && Object.values(value).every(isCount) });
const isUsage = hasAll({ residentBytes: isAmount, cpuSeconds: isAmount });

const CHECKS: Readonly<Record<FromWorker['kind'], Check>> = {
  want: hasAll({ key: isText, calls: isCount, received: isCount }),
  giveBack: hasAll({ key: isText, replicaId: isText, grant: isCount, permits: isCount }),
  report: hasAll({ batch: isCallBatch, counts: (value) => Array.isArray(value) && value.every(isCounts), usage: (value) => value === undefined || isUsage(value) }),
  listening: hasAll({ port: isCount }),
  failed: hasAll({ message: isText }),
  wake: hasAll({ order: isCount, key: isText }),
  unreachable: hasAll({ id: hasAll({ name: isText, namespace: isText }), replicaId: isText }),
};

/** Whether these are messages of a worker. One that says anything else has to be ended: what it has and does cannot be counted any more. */
export function areFromWorker(messages: unknown): messages is readonly FromWorker[] {
  return Array.isArray(messages) && messages.every((message) => isFields(message) && isText(message['kind']) && Object.hasOwn(CHECKS, message['kind'] as string) && CHECKS[message['kind'] as FromWorker['kind']](message));
}
