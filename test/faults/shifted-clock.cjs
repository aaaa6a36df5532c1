// Preloaded into a process (`node --require`): the wall clock is as far from the real one as the file says that
// SHOAL_TEST_CLOCK names, in milliseconds. The monotonic clock stays, as it does when somebody sets the real one.
const { readFileSync } = require('node:fs');

const LOOK_MS = 10;
const file = process.env.SHOAL_TEST_CLOCK;
const RealDate = Date;
let offsetMs = 0;
let lookedMs = -Infinity;

function now() {
  const ms = performance.now();
  if (ms - lookedMs >= LOOK_MS) {
    lookedMs = ms;
    try {
      offsetMs = Number(readFileSync(file, 'utf8'));
    } catch {
      // As it was.
    }
  }
  return RealDate.now() + offsetMs;
}

if (file) {
  globalThis.Date = class Date extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(now());
      else super(...args);
    }

    static now() {
      return now();
    }
  };
}
