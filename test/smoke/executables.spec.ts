import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMachO } from './mach-o';
import { missing, smokes, type Runner, type Smoke } from './runners';

const bin = join(__dirname, '../../dist/watchdog/bin');
const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
const PREPARE_MS = 120_000;
const SMOKE_MS = 60_000;
const LOOK_MS = 20;
/** Files that Bun reads where a program is started, unless the program was built so that it does not. */
const TRAPS = {
  '.env': 'content_type=text/trapped\n',
  'bunfig.toml': 'preload = ["./trap.js"]\n',
  'trap.js': 'process.exit(77);\n',
  'package.json': '{ "type": "module", "imports": { "#trap": "./trap.js" } }\n',
  'tsconfig.json': '{ "compilerOptions": { "paths": { "*": ["./trap.js"] } } }\n',
};

describe.each(smokes)('$name', (smoke) => {
  const program = join(bin, smoke.file);
  const reason = missing(smoke, program);
  if (reason) {
    without(reason);
    return;
  }
  let folder: string;
  let runner: Runner;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-smoke-'));
    runner = smoke.runner(program, join(folder, 'runner'));
  }, PREPARE_MS);

  // Wine's own processes end by themselves, some seconds after the last program; they may still be writing there.
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

  it('says its version', async () => {
    const { code, output } = await new Program(folder, runner, program, ['-version']).ended();
    expect(output.trim()).toBe(version);
    expect(code).toBe(0);
  }, SMOKE_MS);

  it('answers, is healthy, and ends when told to, whatever lies in its folder', async () => {
    const port = await freePort();
    const env = { fprocess: smoke.echo, port: String(port), metrics_port: String(await freePort()), healthcheck_interval: '0s' };
    const watchdog = new Program(folder, runner, program, [], env);
    try {
      await watchdog.until(() => watchdog.output.includes('Metrics listening'));
      const body = bodyFor(smoke);
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
      if (answer.status !== 200) throw new Error(`it answered ${answer.status} and said:\n${watchdog.output}`);
      expect(answer.headers.get('content-type')).not.toContain('trapped');
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
      expect((await new Program(folder, runner, program, ['-run-healthcheck']).ended()).code).toBe(0);
    } finally {
      watchdog.end();
    }
    const { code } = await watchdog.ended();
    expect(code).toBe(smoke.endsInPeace ? 0 : null);
    if (!smoke.endsInPeace) return;
    expect((await new Program(folder, runner, program, ['-run-healthcheck']).ended()).code).toBe(1);
  }, SMOKE_MS);
});

describe.each(['arm64', 'x64'])('darwin-%s', (processor) => {
  const program = join(bin, `shoal-watchdog-darwin-${processor}`);
  // There is nothing here to run it with.
  if (!existsSync(program)) without('it is not there (npm run build:watchdog)');
  else
    it('is a Mach-O file for that processor, with a signature that fits', () => {
      expect(readMachO(program)).toEqual({ processor, signature: { adHoc: true, endsFile: true, wrongPages: 0 } });
    });
});

describe('SHA256SUMS', () => {
  if (!existsSync(join(bin, 'SHA256SUMS'))) without('it is not there (npm run build:watchdog)');
  else
    it('fits the files beside it', () => {
      for (const line of readFileSync(join(bin, 'SHA256SUMS'), 'utf8').trim().split('\n')) {
        const [sum, file] = line.split('  ') as [string, string];
        expect([file, createHash('sha256').update(readFileSync(join(bin, file))).digest('hex')]).toEqual([file, sum]);
      }
    });
});

/** What cannot be tried is said; in CI, which can install all of it, it is a failure. */
function without(reason: string): void {
  if (process.env['CI'])
    it('can be tried', () => {
      throw new Error(reason);
    });
  else it.skip(`not tried: ${reason}`, () => undefined);
}

/** Of `cat` more than a pipe holds, of any bytes; `more` is for text. */
function bodyFor(smoke: Smoke): Buffer {
  return smoke.echo === 'cat' ? randomBytes(200_000) : Buffer.from('ahoy');
}

/** One run, in a folder full of traps. What it writes goes to a file: Node under Wine cannot write to a pipe. */
class Program {
  private readonly child: ChildProcess;
  private readonly log: string;
  private readonly code: Promise<number | null>;

  constructor(folder: string, runner: Runner, program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const cwd = join(folder, 'cwd');
    const temp = join(folder, 'tmp');
    for (const path of [cwd, temp]) mkdirSync(path, { recursive: true });
    for (const [name, text] of Object.entries(TRAPS)) writeFileSync(join(cwd, name), text);
    this.log = join(folder, `log-${randomBytes(6).toString('hex')}`);
    const log = openSync(this.log, 'w');
    const [command, ...before] = [...runner.argv, program];
    this.child = spawn(command, [...before, ...args], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: temp, ...runner.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.code = new Promise((resolve, reject) => this.child.once('exit', resolve).once('error', reject));
  }

  get output(): string {
    return readFileSync(this.log, 'utf8');
  }

  end(): void {
    this.child.kill('SIGTERM');
  }

  async ended(): Promise<{ readonly code: number | null; readonly output: string }> {
    return { code: await this.code, output: this.output };
  }

  /** Rejects when it ends instead; a test's time limit ends the waiting. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.child.exitCode !== null || this.child.signalCode) throw new Error(`it ended with ${this.child.exitCode ?? this.child.signalCode}:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
