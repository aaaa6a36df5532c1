import { JetStreamApiError } from '@nats-io/jetstream';
import { InvalidArgumentError, NoRespondersError, TimeoutError } from '@nats-io/transport-node';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';

/** Numbers that JetStream gives its errors. */
const WRONG_LAST_SEQUENCE = 10071;
const STORE_FAILED = 10077;
const INSUFFICIENT_RESOURCES = [10023, 10047];
/** The message was gone before the server looked for it, or while it deleted it: somebody else was quicker. */
const NOTHING_TO_DELETE = [10057, 10043];
const STREAM_EXISTS_OTHERWISE = 10058;
const SUBJECTS_OVERLAP = 10065;
const STREAM_NOT_FOUND = 10059;

/** Somebody has written there since. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === WRONG_LAST_SEQUENCE;
}

/** There was no message to delete. */
export function isNothingToDelete(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && NOTHING_TO_DELETE.includes(code);
}

export function isOtherConfiguration(error: unknown): boolean {
  return codeOf(error) === STREAM_EXISTS_OTHERWISE;
}

/** Said wrongly, too, of a stream that another process creates at the same moment. */
export function isOverlap(error: unknown): boolean {
  return codeOf(error) === SUBJECTS_OVERLAP;
}

/** What was written to or read is not there; nobody listens for a stream that is not. */
export function isStreamMissing(error: unknown): boolean {
  return codeOf(error) === STREAM_NOT_FOUND || error instanceof NoRespondersError || (error instanceof Error && isStreamMissing(error.cause));
}

/** The server, or the stream, takes no more. */
export function isFull(error: unknown): boolean {
  const code = codeOf(error);
  if (code === STORE_FAILED) return /maximum (messages|bytes) exceeded/.test(messageOf(error));
  return code !== undefined && INSUFFICIENT_RESOURCES.includes(code);
}

/** @param address without credentials. */
export function toShoalError(error: unknown, address: string): ShoalError {
  if (error instanceof ShoalError) return error;
  if (isFull(error)) return new ShoalError('queue-full', 'the queue has no room for more calls', {}, { cause: error });
  // The only argument of ours that can be too much for it is a message's length.
  if (error instanceof InvalidArgumentError) return new ShoalError('body-too-large', 'the call is larger than the queue takes', {}, { cause: error });
  const reason = error instanceof TimeoutError ? 'it did not answer in time' : messageOf(error);
  return new ShoalError('backend-unavailable', `the queue at ${address} is not available: ${reason}`, {}, { cause: error });
}

function codeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}
