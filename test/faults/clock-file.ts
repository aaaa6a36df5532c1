import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The wall clock of processes that are started with its `env`, and of their children that are given it. */
export class ClockFile {
  private readonly folder = mkdtempSync(join(tmpdir(), 'shoal-clock-'));
  private readonly file = join(this.folder, 'offset');
  offsetMs = 0;

  constructor() {
    this.shift(0);
  }

  get env(): Record<string, string> {
    return { NODE_OPTIONS: `--require ${join(__dirname, 'shifted-clock.cjs')}`, SHOAL_TEST_CLOCK: this.file };
  }

  /** What it shows now, milliseconds since the Unix epoch. */
  nowMs(): number {
    return Date.now() + this.offsetMs;
  }

  /** Sets it forward, or back, by so much. */
  shift(ms: number): void {
    this.offsetMs += ms;
    writeFileSync(`${this.file}.next`, String(this.offsetMs));
    renameSync(`${this.file}.next`, this.file);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
