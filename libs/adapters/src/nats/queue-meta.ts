import { randomBytes } from 'node:crypto';
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

export async function readLastRun(link: NatsLink, names: Names, functionKey: string): Promise<number | undefined> {
  const stored = await link.last(names.meta, names.scheduleOf(functionKey));
  return stored && Number(Buffer.from(stored.data).toString());
}

export async function writeLastRun(link: NatsLink, names: Names, functionKey: string, atMs: number): Promise<void> {
  await link.publish(names.scheduleOf(functionKey), Buffer.from(String(atMs)));
}
