import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { credentialsFile, findAuthorization, removeLogin, saveLogin } from './credentials';

const GATEWAY = 'http://127.0.0.1:8080';

describe('credentials', () => {
  let home: string;
  const terminal = (env: Record<string, string> = {}) => ({ home, env });
  const writeLogins = (folder: string, ...auths: readonly object[]) => {
    mkdirSync(join(home, folder), { recursive: true });
    writeFileSync(join(home, folder, 'config.yml'), JSON.stringify({ auths }));
  };

  beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'shoal-credentials-'))));
  afterEach(() => rmSync(home, { recursive: true }));

  it('saveLogin() keeps one login a gateway, in a file of its owner only', async () => {
    await saveLogin(terminal(), GATEWAY, 'admin', 'old');
    await saveLogin(terminal(), 'https://other', 'me', 'x');
    const file = await saveLogin(terminal(), GATEWAY, 'admin', 'pä:ss');
    expect(file).toBe(join(home, '.shoal/config.yml'));
    expect([statSync(file).mode & 0o777, statSync(join(home, '.shoal')).mode & 0o777]).toEqual([0o600, 0o700]);
    const token = Buffer.from('admin:pä:ss').toString('base64');
    expect(parse(readFileSync(file, 'utf8'))).toMatchObject({ auths: [{ gateway: 'https://other' }, { gateway: GATEWAY, auth: 'basic', token }] });
    expect(await findAuthorization(terminal(), GATEWAY)).toBe(`Basic ${token}`);
  });

  it('removeLogin() tells whether there was one, and leaves the others', async () => {
    expect(await removeLogin(terminal(), GATEWAY)).toBe(false);
    await saveLogin(terminal(), GATEWAY, 'admin', 'x');
    await saveLogin(terminal(), 'https://other', 'me', 'y');
    expect(await removeLogin(terminal(), GATEWAY)).toBe(true);
    expect(await findAuthorization(terminal(), GATEWAY)).toBeUndefined();
    expect(await findAuthorization(terminal(), 'https://other')).toMatch(/^Basic /);
  });

  it("findAuthorization() reads faas-cli's file too, wherever that is, but our own first", async () => {
    writeLogins('.openfaas', { gateway: `${GATEWAY}/`, auth: 'basic', token: 'dGhlaXJz' }, { gateway: 'https://oauth', auth: 'oauth2', token: 'jwt' }, { gateway: 7 });
    expect(await findAuthorization(terminal(), GATEWAY)).toBe('Basic dGhlaXJz');
    expect(await findAuthorization(terminal(), 'https://oauth')).toBe('Bearer jwt');
    writeLogins('elsewhere', { gateway: GATEWAY, auth: 'basic', token: 'ZWxzZQ==' });
    expect(await findAuthorization(terminal({ OPENFAAS_CONFIG: join(home, 'elsewhere') }), GATEWAY)).toBe('Basic ZWxzZQ==');
    await saveLogin(terminal(), GATEWAY, 'admin', 'x');
    expect(await findAuthorization(terminal(), GATEWAY)).toBe(`Basic ${Buffer.from('admin:x').toString('base64')}`);
  });

  it('SHOAL_CONFIG is another folder', () => {
    expect(credentialsFile(terminal({ SHOAL_CONFIG: '/x' }))).toBe('/x/config.yml');
  });

  it('rejects a file that is no YAML without showing it, and does not write over it', async () => {
    mkdirSync(join(home, '.shoal'));
    writeFileSync(join(home, '.shoal/config.yml'), 'auths: [s3cr3t');
    const refused = expect.objectContaining({ reason: 'usage', message: expect.not.stringContaining('s3cr3t') });
    await expect(findAuthorization(terminal(), GATEWAY)).rejects.toThrow(refused);
    await expect(saveLogin(terminal(), GATEWAY, 'admin', 'x')).rejects.toThrow(refused);
    expect(readFileSync(join(home, '.shoal/config.yml'), 'utf8')).toBe('auths: [s3cr3t');
  });

  it('takes an empty file for none', async () => {
    mkdirSync(join(home, '.shoal'));
    writeFileSync(join(home, '.shoal/config.yml'), '');
    expect(await findAuthorization(terminal(), GATEWAY)).toBeUndefined();
  });
});
