import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable } from 'node:stream';
import { messageOf } from '@shoal/domain/shared/errors';
import type { Command, ProcessEvents, ProcessSpawner, RunningProcess } from '@shoal/domain/processes/process-spawner';
import { notStarted, startFailure } from './not-started';
import { ProcessMark } from './process-mark';
import { windowsCommand } from './windows-command';

/** Starts processes with Node's `child_process`, each in a process group of its own. */
export class NodeProcessSpawner implements ProcessSpawner {
  start(command: Command, events: ProcessEvents): RunningProcess {
    const mark = new ProcessMark();
    try {
      const [program, ...args] = process.platform === 'win32' ? windowsCommand(command.argv) : command.argv;
      const child = spawn(program!, args, {
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
        env: mark.markedEnv(command.env),
        detached: true,
        windowsHide: true,
      });
      child.on('error', (error) => {
        if (child.pid === undefined) events.failed(startFailure(error, command.cwd));
      });
      // Where no more files can be opened, there are no streams.
      return (child.stdout as Readable | undefined) ? new NodeProcess(child, mark, events) : notStarted;
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

  constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly mark: ProcessMark,
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
    this.mark.kill(this.pid, signal);
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
