import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing, smokes } from './runners';

const root = join(__dirname, '../..');
const bin = join(root, 'dist/cli/bin');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const SMOKE_MS = 60_000;
const HOW = 'npm run build:cli';

let folder: string;
let gateway: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-smoke-cli-'));
  const functions = [{ name: 'hello', namespace: '', image: 'hello', invocationCount: 3, replicas: 1, availableReplicas: 1 }];
  gateway = createServer((_, response) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(functions)));
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs it in a folder of its own. Rejects when it fails. */
function run(argv: readonly string[], cwd = folder): Promise<string> {
  const [command, ...args] = argv;
  const env = { PATH: process.env['PATH'], HOME: folder, SHOAL_GATEWAY: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}` };
  return new Promise((resolve, reject) => {
    execFile(command!, args, { cwd, env }, (error, stdout, stderr) => (error ? reject(new Error(`${argv.join(' ')}\n${stdout}${stderr}`, { cause: error })) : resolve(stdout)));
  });
}

describe.each(['linux-x64', 'linux-arm64'])('shoal for %s', (name) => {
  const smoke = smokes.find((one) => one.name === name)!;
  const program = join(bin, `shoal-${name}`);
  const reason = existsSync(program) ? missing(smoke, program) : `it is not there (${HOW})`;
  if (reason) {
    without(reason);
    return;
  }
  const { argv } = smoke.runner(program, '');

  it('says its version', async () => {
    expect(await run([...argv, program, '--version'])).toBe(`${version}\n`);
  }, SMOKE_MS);

  it('speaks to a gateway', async () => {
    expect(await run([...argv, program, 'list', '--quiet'])).toBe('hello\n');
  }, SMOKE_MS);

  it('has the templates in it', async () => {
    const cwd = join(folder, name);
    mkdirSync(cwd);
    await run([...argv, program, 'new', 'hello', '--lang', 'node'], cwd);
    expect(readdirSync(join(cwd, 'hello'))).toContain('handler.js');
  }, SMOKE_MS);

  it('knows nothing of the folder that it was built in', () => {
    expect(readFileSync(program).includes(join(root, 'dist'))).toBe(false);
  });
});

describe('the package for npm', () => {
  const tarball = existsSync(bin) ? readdirSync(bin).find((file) => file.endsWith('.tgz')) : undefined;
  if (tarball === undefined) {
    without(`it is not there (${HOW})`);
    return;
  }
  const prefix = () => join(folder, 'prefix');
  const files = () => join(prefix(), 'lib/node_modules/@shoal/cli');

  beforeAll(() => run(['npm', 'install', '--global', '--prefix', prefix(), '--cache', join(folder, 'npm'), '--offline', '--no-audit', '--no-fund', join(bin, tarball)]), SMOKE_MS);

  it('is installed offline, and is shoal then', async () => {
    const shoal = join(prefix(), 'bin/shoal');
    expect(await run([shoal, '--version'])).toBe(`${version}\n`);
    expect(await run([shoal, 'list', '--quiet'])).toBe('hello\n');
    await run([shoal, 'new', 'hello', '--lang', 'python3'], prefix());
    expect(readdirSync(join(prefix(), 'hello'))).toContain('handler.py');
  }, SMOKE_MS);

  it('brings the watchdog with it, and nothing else to install', async () => {
    expect(await run(['node', join(files(), 'watchdog.cjs'), '-version'])).toBe(`${version}\n`);
    expect(JSON.parse(readFileSync(join(files(), 'package.json'), 'utf8'))).not.toHaveProperty('dependencies');
  });

  it('passes on the licences of what is in it', () => {
    const notice = readFileSync(join(files(), 'NOTICE'), 'utf8');
    for (const name of ['commander', 'yaml', 'sucrase']) expect(notice).toMatch(new RegExp(`^${name} \\d[\\d.]+ \\((MIT|ISC|Apache-2.0)\\)$`, 'm'));
    expect(existsSync(join(files(), 'LICENSE'))).toBe(true);
  });
});

describe('SHA256SUMS of the command line', () => {
  if (!existsSync(join(bin, 'SHA256SUMS'))) without(`it is not there (${HOW})`);
  else
    it('fits the files beside it', () => {
      const lines = readFileSync(join(bin, 'SHA256SUMS'), 'utf8').trim().split('\n');
      expect(lines.map((line) => line.split('  ')[1])).toEqual(readdirSync(bin).filter((file) => file !== 'SHA256SUMS').sort());
      for (const line of lines) {
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
