import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const UP = /Metrics listening on port/;
const START_TIMEOUT_MS = 45_000;
/** One that has not ended by then is killed. */
const STOP_TIMEOUT_MS = 15_000;
const script = join(__dirname, '../../dist/watchdog/main.cjs');
/** Set by `npm test`, where there can be one. */
const executable = process.env['SHOAL_TEST_WATCHDOG'];

/** The program that is tested: what to run, and with which arguments first. */
export type WatchdogProgram = readonly string[];

/** The same sources on both of their runtimes. */
export const WATCHDOGS: readonly (readonly [runtime: string, program: WatchdogProgram])[] = [
  ['on Node', [process.execPath, script]],
  ...(executable ? ([['compiled', [executable]]] as const) : []),
];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A watchdog in single mode, as a container runs it: a process of its own, on free ports, with a `TMPDIR` of its own. */
export class WatchdogProcess {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  private constructor(
    private readonly program: WatchdogProgram,
    readonly folder: string,
    readonly port: number,
    readonly metricsPort: number,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    const [file, ...args] = program;
    this.child = spawn(file!, args, { env: this.fullEnv() });
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
  }

  /** Starts one and waits until it listens. Rejects when it ends instead or is not up in time, and leaves nothing of it. `FOLDER` in a value is its folder. */
  static async start(program: WatchdogProgram, env: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}): Promise<WatchdogProcess> {
    const watchdog = await WatchdogProcess.launch(program, env, files);
    try {
      await watchdog.until(() => UP.test(watchdog.output) || watchdog.hasEnded, START_TIMEOUT_MS);
      if (watchdog.hasEnded) throw new Error(`ended with code ${await watchdog.ended}: ${watchdog.output}`);
    } catch (error) {
      watchdog.signal('SIGKILL');
      await watchdog.dispose();
      throw error;
    }
    return watchdog;
  }

  /** Starts one and does not wait. */
  static async launch(program: WatchdogProgram, env: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}): Promise<WatchdogProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-watchdog-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const filled = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replaceAll('FOLDER', folder)]));
    return new WatchdogProcess(program, folder, await freePort(), await freePort(), filled);
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get lockFile(): string {
    return join(this.folder, '.lock');
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills it and removes its folder. */
  async dispose(): Promise<void> {
    if (!this.hasEnded) {
      this.signal('SIGINT');
      this.signal('SIGCONT');
      const timer = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS);
      await this.ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Sends `body` whole; with `Transfer-Encoding: chunked` in the headers as a chunk. Rejects when the answer breaks off. */
  async call(path = '/', options: RequestOptions & { body?: string | Buffer } = {}): Promise<Answer> {
    const { body, ...rest } = options;
    const answer = await this.open(path, { method: body === undefined ? 'GET' : 'POST', ...rest }, body);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { status: answer.statusCode!, headers: answer.headers, text: Buffer.concat(chunks).toString() };
  }

  /** Resolves with the head of the answer; its body is the caller's to read. */
  open(path: string, options: RequestOptions = {}, body?: string | Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.url, { path, agent: false, ...options }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** Files, sockets and pipes that it holds open. */
  openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Processes that it has started, those among them that have ended and were not waited for. */
  children(): readonly number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 1 && parentOf(pid) === this.pid);
  }

  async health(): Promise<number> {
    return (await this.call('/_/health')).status;
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
  }

  /** Runs the program with `args` in the same environment. */
  async runWith(...args: string[]): Promise<{ code: number | null; output: string }> {
    const [file, ...first] = this.program;
    const child = spawn(file!, [...first, ...args], { env: this.fullEnv() });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output };
  }

  /** Waits for `condition`, looking every 20 ms. */
  async until(condition: () => Promise<boolean> | boolean, limitMs = 15_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`it did not come about within ${limitMs} ms; the watchdog said:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private fullEnv(): NodeJS.ProcessEnv {
    const { PATH } = process.env;
    return { PATH, TMPDIR: this.folder, port: String(this.port), metrics_port: String(this.metricsPort), ...this.env };
  }
}

/** Processes that were started for a call with the header `X-Mark: mark`, wherever they have gone. */
export function processesMarked(mark: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && environmentOf(pid).includes(`Http_X_Mark=${mark}\0`));
}

/** What a process holds in memory, in MiB. */
export function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function parentOf(pid: number): number | undefined {
  try {
    // The name, in brackets, may hold spaces.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]);
  } catch {
    return undefined; // It has ended.
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return ''; // It has ended, or is not ours.
  }
}
