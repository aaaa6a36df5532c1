import type { Clock, Timer } from '@shoal/domain/shared/clock';

/** From the start of this process, which `performance` counts from, to the machine's. */
const SINCE_BOOT_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** With Node, `monotonicMs` is the same for all processes of a machine. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return SINCE_BOOT_MS + performance.now();
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  }
}
