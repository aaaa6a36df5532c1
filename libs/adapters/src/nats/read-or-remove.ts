import { messageOf } from '@shoal/domain/shared/errors';
import { NewerFrame } from './frame';
import type { NatsLink, Stored } from './nats-link';

/** Of a stream that others might write to as well. */
export interface Reading<T> {
  readonly link: NatsLink;
  readonly stream: string;
  readonly unpack: (frame: Uint8Array) => T;
  readonly warn: (text: string) => void;
}

/** What a message says. One that says nothing is removed, and told: it would be in the way each time. Rejects with `NewerFrame`. */
export async function readOrRemove<T>({ subject, sequence, data }: Stored, { link, stream, unpack, warn }: Reading<T>): Promise<T | undefined> {
  try {
    return unpack(data);
  } catch (error) {
    if (error instanceof NewerFrame) throw error;
    if (await link.remove(stream, sequence)) warn(`removed a message (${subject}) from ${stream} that is none of ours: ${messageOf(error)}`);
    return undefined;
  }
}
