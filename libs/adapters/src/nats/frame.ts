import type { CallRecord, QueuedCall, StoredAnswer } from '@shoal/domain/queue/queued-call';
import { ShoalError } from '@shoal/domain/shared/errors';
import { isAgain, isAnswer, isCall, isRecord } from './frame-shapes';

/** Written into each frame; to be raised when a reader of this version would misread what is written. */
const VERSION = 1;
const LENGTH_BYTES = 4;
const EMPTY = new Uint8Array(0);

/** What a newer version has written is not for us to read, nor to take for garbage. */
export class NewerFrame extends ShoalError {
  constructor(version: number) {
    super('backend-unavailable', `a newer version of Shoal has written this into the queue (frame ${version}; this one reads up to ${VERSION}): ask a gateway of that version`);
  }
}

/** For `catch`, where what a newer version has written is somebody else's. */
export function undefinedIfNewer(error: unknown): undefined {
  if (!(error instanceof NewerFrame)) throw error;
}

/** A call as it lies in its lane. */
export interface StoredCall {
  readonly call: QueuedCall;
  /** Of a call that is sent again: what it begins with, and which dead letter it was. */
  readonly again?: { readonly record: CallRecord; readonly letter: number };
}

/** What is known of a call, and what it came to. */
export interface Outcome {
  readonly record: CallRecord;
  readonly answer?: StoredAnswer;
}

export function packCall({ call: { body, ...call }, again }: StoredCall): Uint8Array {
  return pack({ call, again }, body);
}

/** @throws NewerFrame, or a plain error when it is none */
export function unpackCall(frame: Uint8Array): StoredCall {
  const { head, body } = unpack<{ call: Omit<QueuedCall, 'body'>; again?: StoredCall['again'] }>(frame);
  if (!isCall(head.call) || (head.again !== undefined && !isAgain(head.again))) throw new Error('it is no call');
  return { call: { ...head.call, body }, ...(head.again ? { again: head.again } : {}) };
}

export function packOutcome({ record, answer }: Outcome): Uint8Array {
  if (!answer) return pack({ record }, EMPTY);
  const { body, ...rest } = answer;
  return pack({ record, answer: rest, kept: body !== undefined }, body ?? EMPTY);
}

/** @throws NewerFrame, or a plain error when it is none */
export function unpackOutcome(frame: Uint8Array): Outcome {
  const { head, body } = unpack<{ record: CallRecord; answer?: Omit<StoredAnswer, 'body'>; kept?: boolean }>(frame);
  if (!isRecord(head.record) || (head.answer !== undefined && !isAnswer(head.answer))) throw new Error('it is no outcome of a call');
  if (!head.answer) return { record: head.record };
  return { record: head.record, answer: { ...head.answer, ...(head.kept ? { body } : {}) } };
}

/** The length of the head, the head as JSON, the body as it is. */
function pack(head: object, body: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify({ version: VERSION, ...head }));
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + text.byteLength + body.byteLength);
  frame.writeUInt32BE(text.byteLength);
  frame.set(text, LENGTH_BYTES);
  frame.set(body, LENGTH_BYTES + text.byteLength);
  return frame;
}

function unpack<Head>(frame: Uint8Array): { readonly head: Head; readonly body: Uint8Array } {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const bodyAt = bytes.byteLength < LENGTH_BYTES ? Infinity : LENGTH_BYTES + bytes.readUInt32BE();
  if (bodyAt > bytes.byteLength) throw new Error('it ends too early');
  const head = objectOf<Head & { version?: unknown }>(bytes.toString('utf8', LENGTH_BYTES, bodyAt));
  if (typeof head.version === 'number' && head.version > VERSION) throw new NewerFrame(head.version);
  return { head, body: new Uint8Array(frame.buffer, frame.byteOffset + bodyAt, frame.byteLength - bodyAt) };
}

function objectOf<T>(text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (typeof value !== 'object' || value === null) throw new Error('its head is no JSON object');
  return value as T;
}
