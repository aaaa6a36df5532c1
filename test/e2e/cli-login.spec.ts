import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from './cli-process';
import { GatewayProcess } from './gateway-process';

describe('shoal login, logout', () => {
  let gateway: GatewayProcess;
  let cli: Cli;

  beforeAll(async () => (gateway = await GatewayProcess.start({ basic_auth: 'true' })));
  beforeEach(() => (cli = new Cli()));
  afterEach(() => cli.dispose());
  afterAll(() => gateway.dispose());

  it('keeps what the gateway has accepted where only its owner can read it, until logout', async () => {
    expect(await cli.run(['list', '--gateway', gateway.url])).toMatchObject({ code: 4, stderr: expect.stringContaining(`shoal login --gateway ${gateway.url}`) });
    const login = await cli.run(['login', '--gateway', `${gateway.url}/`, '-s'], { input: `${gateway.password}\n` });
    const file = join(cli.folder, '.shoal/config.yml');
    expect(login).toEqual({ code: 0, stdout: `credentials saved for admin ${gateway.url}\n`, stderr: expect.stringContaining(file) });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(login.stdout + login.stderr).not.toContain(gateway.password);
    expect(await cli.run(['list', '--gateway', gateway.url])).toMatchObject({ code: 0 });
    expect(await cli.run(['logout', '--gateway', gateway.url])).toMatchObject({ code: 0, stdout: `credentials removed for ${gateway.url}\n` });
    expect(readFileSync(file, 'utf8')).not.toContain(gateway.url);
    expect(await cli.run(['list', '--gateway', gateway.url])).toMatchObject({ code: 4 });
    expect(await cli.run(['logout', '--gateway', gateway.url])).toMatchObject({ code: 5 });
  });

  it('refuses a wrong password, and keeps nothing', async () => {
    expect(await cli.run(['login', '--gateway', gateway.url, '--password-stdin'], { input: 'wrong' })).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('unable to login, either username or password is incorrect'),
    });
    expect(() => statSync(join(cli.folder, '.shoal'))).toThrow('ENOENT');
    expect(await cli.run(['login', '--gateway', gateway.url, '-u', 'eve', '--username', 'mallory', '-s'], { input: gateway.password })).toMatchObject({ code: 4 });
  });

  it('warns of a password on the command line', async () => {
    const { code, stderr } = await cli.run(['login', '--gateway', gateway.url, '--password', gateway.password]);
    expect(code).toBe(0);
    expect(stderr).toContain('--password-stdin is better');
    expect(await cli.run(['login', '--gateway', gateway.url, '-p', ''])).toMatchObject({ code: 2, stderr: expect.stringContaining('empty') });
  });

  it.each([
    [['-s'], 'the password is empty'],
    [[], '--password-stdin'],
    [['-s', '-p', 'x'], 'either'],
    [['-u', 'a:b', '-s'], 'colon'],
  ])('rejects %j without a word to the gateway', async (args, message) => {
    const { code, stderr } = await cli.run(['login', '--gateway', 'http://127.0.0.1:1', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('says that there is no gateway', async () => {
    expect(await cli.run(['login', '--gateway', 'http://127.0.0.1:1', '-s'], { input: 'x' })).toMatchObject({ code: 3 });
  });
});
