import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryCredentials, registryOf } from './registry-credentials';

describe('registryOf()', () => {
  it.each([
    ['nginx', 'https://index.docker.io/v1/'],
    ['acme/fn:1', 'https://index.docker.io/v1/'],
    ['registry.example.com/fn', 'registry.example.com'],
    ['docker.io/acme/fn', 'https://index.docker.io/v1/'],
    ['index.docker.io/acme/fn', 'https://index.docker.io/v1/'],
    ['localhost/fn', 'localhost'],
    ['10.0.0.1:5000/acme/fn@sha256:00', '10.0.0.1:5000'],
  ])('of %s is %s', (image, registry) => {
    expect(registryOf(image)).toBe(registry);
  });
});

describe('registryCredentials()', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-registry-'));
  const file = join(folder, 'config.json');
  const write = (text: string) => writeFileSync(file, text);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('finds those of the image, with a password that has colons', async () => {
    write(JSON.stringify({ auths: { 'registry.example.com': { auth: Buffer.from('user:pass:word').toString('base64') } } }));
    await expect(registryCredentials(file, 'registry.example.com/fn')).resolves.toEqual({ username: 'user', password: 'pass:word', serveraddress: 'registry.example.com' });
    await expect(registryCredentials(file, 'other.example.com/fn')).resolves.toBeUndefined();
    await expect(registryCredentials(undefined, 'fn')).resolves.toBeUndefined();
  });

  it.each([
    ['is not JSON', '{secret', /it is not JSON$/],
    ['has an auth that is none', '{"auths":{"a.b":{"auth":"bm9uZQ=="}}}', /not base64 of user:password/],
  ])('says so, without quoting it, when the file %s', async (_name, text, message) => {
    write(text);
    await expect(registryCredentials(file, 'a.b/fn')).rejects.toMatchObject({ code: 'backend-unavailable', message: expect.stringMatching(message) });
  });

  it('says so when there is no file', async () => {
    await expect(registryCredentials(join(folder, 'none'), 'a.b/fn')).rejects.toThrow(/ENOENT/);
  });
});
