import { packCall, packOutcome } from '@shoal/adapters/nats/frame';
import { newRecord, type CallRecord } from '@shoal/domain/queue/queued-call';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Random } from '../random';
import { stored } from './stored-calls';

/** Under the size that a server takes. */
const HUGE_BYTES = 900_000;
const VALUES: readonly unknown[] = [null, [], {}, 'x', 0, -1, 1e300, true, { id: null }, { length: 1 }, [[]], '\u0000', '../..', { then: 1 }, 'x'.repeat(5_000)];

/** Bytes that somebody else may have put where frames of calls lie, and such as a disk or another version may make of them. */
export function strangeFrame(random: Random, id: string): Uint8Array {
  switch (random.below(9)) {
    case 0:
      return random.bytes(random.pick([0, 1, 3, 4, 5, 40, 700]));
    case 1:
      return framed(random.pick(['', '{', 'null', '[]', '"x"', '0', '{}', '{"call":null}', '{"call":{}}', '{"record":null}', '{"record":{}}', '{"record":[]}', '{"version":2,"payload":"x"}', '{"__proto__":{"call":{}}}']), random.bytes(random.below(20)));
    case 2:
      return Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), random.bytes(10)]);
    case 3:
      return Buffer.alloc(random.chance(0.1) ? HUGE_BYTES : 20_000, random.bytes(64));
    case 4:
      return framed('['.repeat(20_000), Buffer.alloc(0));
    case 5:
      return soundFrame(random, id).subarray(0, random.below(200));
    default:
      return respelled(random, soundFrame(random, id));
  }
}

/** Headers that mean something to a server or to who reads its answers. */
export function strangeHeaders(random: Random): MsgHdrs | undefined {
  if (random.chance(0.5)) return undefined;
  const made = random.chance(0.5) ? headers(random.pick([100, 404, 408, 409, 503]), 'No Messages') : headers();
  if (random.chance(0.3)) made.set('Nats-Rollup', random.pick(['sub', 'all']));
  if (random.chance(0.3)) made.set('Nats-TTL', '1s');
  if (random.chance(0.3)) made.set('Nats-Expected-Last-Sequence', '1');
  if (random.chance(0.3)) made.set('Nats-Stream', 'other');
  if (random.chance(0.3)) made.set('X'.repeat(3_000), 'y'.repeat(3_000));
  return made;
}

function soundFrame(random: Random, id: string): Uint8Array {
  const call = stored(id);
  const record: CallRecord = { ...newRecord(call), state: random.pick(['queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled']) };
  if (random.chance(0.5)) return packCall({ call, ...(random.chance(0.3) ? { again: { record, letter: 7 } } : {}) });
  return packOutcome({ record, ...(random.chance(0.5) ? { answer: { status: 200, headers: [], body: call.body } } : {}) });
}

/** The frame with a value of its head exchanged or left out. */
function respelled(random: Random, frame: Uint8Array): Uint8Array {
  const bytes = Buffer.from(frame);
  const bodyAt = 4 + bytes.readUInt32BE();
  const head = JSON.parse(bytes.toString('utf8', 4, bodyAt)) as Record<string, unknown>;
  let at = head;
  for (;;) {
    const key = random.pick(Object.keys(at));
    const inner = at[key];
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0 && random.chance(0.8)) {
      at = inner as Record<string, unknown>;
      continue;
    }
    if (random.chance(0.3)) delete at[key];
    else at[key] = random.pick(VALUES);
    return framed(JSON.stringify(head), bytes.subarray(bodyAt));
  }
}

function framed(head: string, body: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(head));
  return Buffer.concat([length, Buffer.from(head), body]);
}
