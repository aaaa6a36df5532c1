import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(__dirname, '../../dist/gateway/main.cjs');
/** Far more than a start takes, on a machine that does much else. */
const START_TIMEOUT_MS = 45_000;
/** One that has not ended by then is killed. */
const STOP_TIMEOUT_MS = 15_000;

interface StartOptions {
  /** Its program file: that of this checkout by default. */
  readonly program?: string;
  readonly shellLine?: string;
}

/** A gateway as its users run it: a process of its own, on free ports, with a data directory of its own. */
export class GatewayProcess {
  output = '';
  private child!: ChildProcess;

  private constructor(
    readonly home: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly program: string,
    private readonly shellLine: string | undefined,
  ) {}

  /**
   * Starts one and waits until it says that it is up. `env` comes on top of: no samples, no authentication. `shellLine` is what a
   * shell does first, as `ulimit -n 200`.
   */
  static async start(env: Readonly<Record<string, string>> = {}, home = mkdtempSync(join(tmpdir(), 'shoal-e2e-')), { program = main, shellLine }: StartOptions = {}): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(home, env, program, shellLine);
    await gateway.startAgain();
    return gateway;
  }

  /** After `stop` or `kill`: another process with the same data directory. Rejects when it ends instead; one that is not up in time is killed, and its data directory removed. */
  startAgain(): Promise<void> {
    this.output = '';
    const defaults = { SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0', SHOAL_SAMPLES: 'false', basic_auth: 'false' };
    const [file, args] = this.shellLine === undefined ? [process.execPath, [this.program]] : ['sh', ['-c', `${this.shellLine}; exec "$0" "$@"`, process.execPath, this.program]];
    const child = spawn(file, args, { env: { PATH: process.env['PATH'], HOME: this.home, ...defaults, SHOAL_HOME: this.home, ...this.env } });
    this.child = child;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.once('exit', () => rmSync(this.home, { recursive: true, force: true }));
        child.kill('SIGKILL');
        reject(new Error(`not up in time: ${this.output}`));
      }, START_TIMEOUT_MS);
      const onOutput = (chunk: Buffer) => {
        this.output += chunk.toString();
        if (!/^ {2}(Data|Queue) /m.test(this.output)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on('data', onOutput);
      child.stderr.on('data', onOutput);
      child.on('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`ended with code ${code}: ${this.output}`));
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** `http://127.0.0.1:port`. */
  get url(): string {
    return /Portal +(https?:\/\/[^/]+)/.exec(this.output)![1]!;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get metricsUrl(): string {
    return /Metrics +(\S+)/.exec(this.output)![1]!;
  }

  /** Of the first start. */
  get password(): string {
    return /password (\S+) \(shown/.exec(this.output)![1]!;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the exit code, `null` when a signal ended it. */
  ended(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve(this.child.exitCode);
    return new Promise((resolve) => this.child.once('exit', (code) => resolve(code)));
  }

  /** Resolves as `ended`: also one that was stopped (SIGSTOP) ends, and one that takes too long is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.signal(signal);
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS);
    return this.ended().finally(() => clearTimeout(timer));
  }

  /** Stops it and removes its data directory. */
  async dispose(): Promise<void> {
    await this.stop('SIGTERM');
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Deploys a function, by default one that runs a command of this machine, and waits until all its replicas can take calls. */
  async deploy(service: string, deployment: Readonly<Record<string, unknown>>, limitMs?: number): Promise<void> {
    const body = JSON.stringify({ service, image: service, ...deployment });
    const answer = await fetch(`${this.url}/system/functions`, { method: 'POST', body, headers: this.authorization() });
    if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
    await this.until(async () => {
      const state = (await (await fetch(`${this.url}/system/function/${service}`, { headers: this.authorization() })).json()) as {
        replicas: number;
        availableReplicas: number;
      };
      return state.availableReplicas >= state.replicas;
    }, limitMs);
  }

  /** Of the first start's password, where there is one. */
  authorization(): Record<string, string> {
    if (!this.output.includes('(shown this once)')) return {};
    return { Authorization: `Basic ${Buffer.from(`admin:${this.password}`).toString('base64')}` };
  }

  /** Waits for `condition`, looking every 20 ms. */
  async until(condition: () => Promise<boolean> | boolean, limitMs = 30_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`it did not come about within ${limitMs} ms; the gateway said:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
