import { randomBytes } from 'node:crypto';
import type { ScheduleProgress } from '@shoal/domain/queue/invocation-queue';
import type { Names } from './names';
import type { NatsLink } from './nats-link';

const SECRET_BYTES = 32;

/** Of all processes that want to be the first to write it, one is. */
export async function readSecret(link: NatsLink, names: Names): Promise<string> {
  const stored = await link.last(names.meta, names.secret);
  if (stored) return Buffer.from(stored.data).toString();
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return (await link.publish(names.secret, Buffer.from(secret), { expected: 0 })) ? secret : readSecret(link, names);
}

/** Where it is gone: so that ids which were derived from it stay what they are. */
export async function writeSecret(link: NatsLink, names: Names, secret: string): Promise<void> {
  await link.publish(names.secret, Buffer.from(secret), { expected: 0, restores: false, mayBeRefused: true });
}

export async function readProgress(link: NatsLink, names: Names, functionKey: string): Promise<ScheduleProgress | undefined> {
  const stored = await link.last(names.meta, names.scheduleOf(functionKey));
  return stored && progressOf(Buffer.from(stored.data).toString());
}

/** A message takes the place of the one before; `null` says that there is nothing any more. */
export async function writeProgress(link: NatsLink, names: Names, functionKey: string, progress: ScheduleProgress | undefined): Promise<void> {
  await link.publish(names.scheduleOf(functionKey), Buffer.from(JSON.stringify(progress ?? null)));
}

/** What is none of ours counts for nothing: the schedule begins anew. */
function progressOf(text: string): ScheduleProgress | undefined {
  try {
    const progress = JSON.parse(text) as ScheduleProgress | null;
    return typeof progress?.schedule === 'string' && typeof progress.handledMs === 'number' ? progress : undefined;
  } catch {
    return undefined;
  }
}
