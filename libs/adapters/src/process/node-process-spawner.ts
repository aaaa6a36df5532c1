import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { messageOf } from '@shoal/domain/shared/errors';
import type { Command, ProcessEvents, ProcessSpawner, RunningProcess } from '@shoal/domain/processes/process-spawner';
import { killMarked } from './kill-marked';

/** Every process gets one of its own in its environment, so that descendants that left its group can be found. */
const MARK = 'SHOAL_PROCESS';

const START = randomBytes(8).toString('hex');
let started = 0;

/** Starts processes with Node's `child_process`, each in a process group of its own. */
export class NodeProcessSpawner implements ProcessSpawner {
  start(command: Command, events: ProcessEvents): RunningProcess {
    const mark = `${START}-${++started}`;
    try {
      const child = spawn(command.argv[0]!, command.argv.slice(1), {
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
        env: { ...command.env, [MARK]: mark },
        detached: true,
        windowsHide: true,
      });
      return new NodeProcess(child, `${MARK}=${mark}`, events);
    } catch (error) {
      // Node throws for some errors (an environment that is too long) and emits for others (no such program).
      process.nextTick(() => events.failed(messageOf(error)));
      return notStarted;
    }
  }
}

class NodeProcess implements RunningProcess {
  readonly pid: number | undefined;
  private exited = false;
  private signalled = false;

  constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly mark: string,
    events: ProcessEvents,
  ) {
    this.pid = child.pid;
    child.stdout.on('data', (chunk: Uint8Array) => events.stdout(chunk));
    child.stderr.on('data', (chunk: Uint8Array) => events.stderr(chunk));
    child.stdin.on('drain', () => events.drained());
    child.stdin.on('error', () => {
      // It closed its input or has ended: what is not read is dropped, and nobody may wait for it to be read.
      events.drained();
    });
    child.on('error', (error) => {
      if (this.pid === undefined) events.failed(messageOf(error));
    });
    child.on('exit', (code, signal) => {
      this.exited = true;
      events.exited(signal ? { signal } : { code: code ?? 0 });
    });
    child.on('close', () => {
      if (this.pid !== undefined) events.outputEnded();
    });
  }

  write(chunk: Uint8Array): boolean {
    const { stdin } = this.child;
    return stdin.destroyed || !stdin.writable || stdin.write(chunk);
  }

  endInput(): void {
    this.child.stdin.end();
  }

  pauseOutput(): void {
    this.child.stdout.pause();
    this.child.stderr.pause();
  }

  resumeOutput(): void {
    this.child.stdout.resume();
    this.child.stderr.resume();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.pid === undefined) return;
    if (process.platform === 'win32') return this.killTree();
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The whole group has ended.
    }
    // A process that ended in order has no strays worth a search; one that had to be killed may.
    if (signal === 'SIGKILL' && this.signalled) killMarked(this.mark);
    this.signalled = true;
  }

  private killTree(): void {
    if (this.exited) return;
    spawn('taskkill', ['/pid', String(this.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
  }

  closeOutput(): void {
    this.child.stdin.destroy();
    this.child.stdout.destroy();
    this.child.stderr.destroy();
  }
}

const notStarted: RunningProcess = {
  pid: undefined,
  write: () => true,
  endInput: () => undefined,
  pauseOutput: () => undefined,
  resumeOutput: () => undefined,
  kill: () => undefined,
  closeOutput: () => undefined,
};
