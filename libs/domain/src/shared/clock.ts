/** Time, as a port: the tests' clock stands still until they move it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds since some fixed moment; never goes back, so durations are measured with it. */
  monotonicMs(): number;
  /** Runs `action` once after `delayMs`. A timer alone does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
}

export interface Timer {
  /** Does nothing when the action ran already. */
  cancel(): void;
}
