import { randomFillSync } from 'node:crypto';

/** Of a trace and of its first span. */
const ID_BYTES = 16 + 8;
/** The system's random numbers are asked for so many at a time. */
const IDS = 128;

const pool = Buffer.allocUnsafeSlow(IDS * ID_BYTES);
let next = IDS;

/** A W3C trace context that begins here. */
export function newTrace(): string {
  if (next === IDS) {
    randomFillSync(pool);
    next = 0;
  }
  const ids = pool.toString('hex', next * ID_BYTES, (next + 1) * ID_BYTES);
  next++;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`;
}
