import type { Command, ProcessEvents, ProcessSpawner, RunningProcess } from '../processes/process-spawner';

/** A process that does what the test says, and remembers what was done to it. */
export class FakeProcess implements RunningProcess {
  readonly signals: string[] = [];
  readonly input: Uint8Array[] = [];
  inputEnded = false;
  outputClosed = false;
  outputPaused = false;

  constructor(
    readonly pid: number,
    readonly command: Command,
    /** What the test makes happen. */
    readonly events: ProcessEvents,
  ) {}

  write(chunk: Uint8Array): boolean {
    this.input.push(chunk);
    return true;
  }

  endInput(): void {
    this.inputEnded = true;
  }

  pauseOutput(): void {
    this.outputPaused = true;
  }

  resumeOutput(): void {
    this.outputPaused = false;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.signals.push(signal);
  }

  closeOutput(): void {
    this.outputClosed = true;
  }
}

/** Starts `FakeProcess`es; they end when the test says so. */
export class FakeProcessSpawner implements ProcessSpawner {
  readonly started: FakeProcess[] = [];

  start(command: Command, events: ProcessEvents): FakeProcess {
    const process = new FakeProcess(this.started.length + 1, command, events);
    this.started.push(process);
    return process;
  }

  get last(): FakeProcess {
    return this.started.at(-1)!;
  }
}
