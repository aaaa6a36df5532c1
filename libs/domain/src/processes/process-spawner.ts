/** A program and how it is started. */
export interface Command {
  /** The program, then its arguments. */
  readonly argv: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * Whether what it writes to stderr may come as stdout, in the order of writing. A spawner that cannot do that tells of
   * the two apart.
   */
  readonly mergeStderr?: boolean;
}

/** Memory ran out, and the system killed for it. */
export interface OutOfMemory {
  /** Absent when no limit is known: then the machine's own memory ran out. */
  readonly limitBytes?: number;
}

/** How a process ended: with a code, or by a signal (`SIGKILL`). */
export type ProcessExit = (
  | { readonly code: number; readonly signal?: undefined }
  | { readonly code?: undefined; readonly signal: string }
) & {
  /** Present when that was why, and the spawner can know it. */
  readonly outOfMemory?: OutOfMemory;
};

export interface ProcessEvents {
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
  /** Both outputs have ended; nobody holds them open any more. */
  outputEnded(): void;
  /** The process itself has ended; descendants of it may go on, and hold its outputs open. */
  exited(exit: ProcessExit): void;
  /** It could not be started; no other event follows. Never called before `start` has returned. */
  failed(reason: string): void;
  /** Input can be written again after `write` returned false. */
  drained(): void;
}

export interface RunningProcess {
  /** Absent when it could not be started. */
  readonly pid: number | undefined;
  /** Passes input on. False asks to wait for `drained`; input that nobody reads any more is dropped silently. */
  write(chunk: Uint8Array): boolean;
  endInput(): void;
  pauseOutput(): void;
  resumeOutput(): void;
  /** Signals the process and its descendants; nothing happens when all have ended. SIGKILL leaves none of them. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Stops reading the outputs, even when a descendant holds them open. */
  closeOutput(): void;
}

/** Starts each command in a process group of its own. */
export interface ProcessSpawner {
  /** Never throws: what goes wrong is told to `events`. */
  start(command: Command, events: ProcessEvents): RunningProcess;
}
