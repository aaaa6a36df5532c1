import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli, type Ended } from './cli-process';
import { GatewayProcess } from './gateway-process';

interface Finding {
  readonly name: string;
  readonly state: string;
  readonly found: string;
  readonly hints: readonly string[];
}

let open: GatewayProcess;
let closed: GatewayProcess;
let cli: Cli;

beforeAll(async () => {
  [open, closed] = await Promise.all([GatewayProcess.start(), GatewayProcess.start({ basic_auth: 'true' })]);
});

afterAll(async () => {
  await Promise.all([open.stop(), closed.stop()]);
});

beforeEach(() => {
  cli = new Cli();
  // Only what a test puts there.
  mkdirSync(join(cli.folder, 'bin'));
});

afterEach(() => cli.dispose());

const doctor = (gateway: string, args: readonly string[] = [], env = {}): Promise<Ended> => cli.run(['doctor', '--gateway', gateway, ...args], { env: { PATH: join(cli.folder, 'bin'), ...env } });

async function findings(gateway: string, env = {}): Promise<Readonly<Record<string, Finding>>> {
  const { stdout } = await doctor(gateway, ['--output', 'json'], env);
  return Object.fromEntries((JSON.parse(stdout) as readonly Finding[]).map((one) => [one.name, one]));
}

function addProgram(name: string, script: string): void {
  writeFileSync(join(cli.folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

describe('shoal doctor', () => {
  it('ends with 0 when nothing is broken, and says what is missing and what to do', async () => {
    const { code, stdout, stderr } = await doctor(open.url, [], { LANG: 'C.UTF-8' });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^✓ gateway +${open.url}, version \\d`, 'm'));
    expect(stdout).toMatch(/^✓ provider +local/m);
    expect(stdout).toMatch(/^✓ clock +agrees/m);
    expect(stdout).toMatch(/^– python3 +not here\n +functions of the template python3 need it$/m);
  });

  it('ends with 1 when the gateway cannot be reached, and does without UTF-8', async () => {
    const { code, stdout, stderr } = await doctor('http://127.0.0.1:1');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^x gateway +.*cannot be reached/m);
    expect(stdout).toMatch(/^\+ shoal/m);
    expect(stdout).toMatch(/^[ -~\n]*$/);
    expect(stderr).toContain('gateway');
  });

  it('tells a gateway that wants a login, and a login that it takes', async () => {
    expect((await findings(closed.url))['login']).toMatchObject({ state: 'broken', hints: [`log in with: shoal login --gateway ${closed.url}`] });
    const token = Buffer.from(`admin:${closed.password}`).toString('base64');
    mkdirSync(join(cli.folder, '.shoal'));
    writeFileSync(join(cli.folder, '.shoal/config.yml'), `auths: [{ gateway: "${closed.url}", auth: basic, token: ${token} }]`, { mode: 0o600 });
    expect(await findings(closed.url)).toMatchObject({ login: { state: 'ok' }, provider: { state: 'ok' }, logins: { state: 'ok' } });
  });

  it('finds logins that others may read', async () => {
    mkdirSync(join(cli.folder, '.shoal'));
    writeFileSync(join(cli.folder, '.shoal/config.yml'), '');
    chmodSync(join(cli.folder, '.shoal/config.yml'), 0o644);
    expect((await findings(open.url))['logins']).toMatchObject({ state: 'broken', hints: [`chmod 600 ${join(cli.folder, '.shoal/config.yml')}`] });
  });

  it('reads the stack file: its functions, or what is wrong with it', async () => {
    const file = join(cli.folder, 'stack.yml');
    writeFileSync(file, 'provider: { name: openfaas }\nfunctions:\n  hello: { image: hello }\n');
    expect((await findings(open.url))['stack file']).toMatchObject({ state: 'ok', found: 'stack.yml: 1 function' });
    writeFileSync(file, 'functions: [');
    expect((await findings(open.url))['stack file']).toMatchObject({ state: 'broken', found: expect.stringContaining('stack.yml') });
  });

  it('tells the versions of programs, and why one does not work', async () => {
    addProgram('git', 'echo git version 9.8');
    addProgram('docker', '[ "$1" = --version ] && echo Docker version 7 && exit; echo no engine >&2; exit 1');
    symlinkSync('/nowhere', join(cli.folder, 'bin/go'));
    expect(await findings(open.url)).toMatchObject({
      git: { state: 'ok', found: 'git version 9.8' },
      docker: { state: 'ok', found: 'Docker version 7' },
      'docker engine': { state: 'missing', found: 'no engine' },
      go: { state: 'missing', found: 'not here' },
    });
  });

  it('names proxies, and no password in them', async () => {
    const { stdout } = await doctor(open.url, ['-o', 'yaml'], { https_proxy: 'http://me:hush@proxy:3128' });
    expect(stdout).toContain('https_proxy');
    expect(stdout).not.toContain('hush');
  });
});
