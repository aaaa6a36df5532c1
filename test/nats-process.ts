import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './deploy/free-port';

const START_TIMEOUT_MS = 45_000;

/** A real nats-server with JetStream, in a folder of its own, on a port that stays when it is started again. */
export class NatsProcess {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    /** Where its streams are. */
    readonly folder: string,
    private readonly args: readonly string[],
  ) {}

  static async start(args: readonly string[] = [], folder = mkdtempSync(join(tmpdir(), 'shoal-nats-'))): Promise<NatsProcess> {
    const server = new NatsProcess(await freePort(), folder, args);
    await server.again();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it after it was killed. Rejects when it ends instead; one that does not listen in time is killed. */
  async again(): Promise<void> {
    const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(this.port), '-js', '-sd', this.folder, ...this.args], { stdio: 'ignore' });
    this.child = child;
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await listens(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`nats-server ended with ${child.exitCode ?? child.signalCode}`);
      if (Date.now() > deadline) {
        await this.kill();
        throw new Error('nats-server does not listen in time');
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child!.kill(signal);
  }

  /** Without a word. */
  async kill(): Promise<void> {
    const child = this.child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
