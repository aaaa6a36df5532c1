import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, type Question } from './ask';
import { GatewayProcess } from './gateway-process';

describe('/system/secrets', () => {
  let gateway: GatewayProcess;
  const send = (method: string, path: string, question?: Question) => ask(gateway.url, method, path, question);
  const names = async (query = '') => JSON.parse((await send('GET', `/system/secrets${query}`)).text);

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await send('POST', '/system/namespace/', { body: { name: 'other', labels: { openfaas: '1' } } });
  });
  afterAll(() => gateway.dispose());

  it('creates, lists, updates and removes', async () => {
    expect(await names()).toEqual([]);
    expect(await send('POST', '/system/secrets', { body: { name: 'one', value: 'v1' } })).toMatchObject({ status: 201, text: '' });
    expect(await send('POST', '/system/secrets', { body: { name: 'one', value: 'v2' } })).toMatchObject({ status: 409 });
    expect(await names()).toEqual([{ name: 'one', namespace: 'openfaas-fn' }]);
    expect(await send('PUT', '/system/secrets', { body: { name: 'one', value: 'v3' } })).toMatchObject({ status: 202, text: '' });
    expect(await send('DELETE', '/system/secrets', { body: { name: 'one' } })).toMatchObject({ status: 202, text: '' });
    expect(await names()).toEqual([]);
  });

  it.each([
    ['PUT', { name: 'missing', value: 'v' }, 404],
    ['DELETE', { name: 'missing' }, 404],
    ['POST', { name: 'a', value: 'v', namespace: 'missing' }, 400],
    ['POST', { name: 'a' }, 400],
    ['POST', { name: 'a', rawValue: 'not base64!' }, 400],
    ['POST', { name: 'a', value: 'v'.repeat(513 * 1024) }, 400],
  ])('%s refuses %j', async (method, body, status) => {
    expect((await send(method, '/system/secrets', { body })).status).toBe(status);
    expect(await names()).toEqual([]);
  });

  it.each([
    ['query', '?namespace=other', {}],
    ['body', '', { namespace: 'other' }],
  ])('takes the namespace from the %s', async (_where, query, inBody) => {
    const body = { name: 'there', value: 'v', ...inBody };
    expect((await send('POST', `/system/secrets${query}`, { body })).status).toBe(201);
    expect(await names('?namespace=other')).toEqual([{ name: 'there', namespace: 'other' }]);
    expect(await names()).toEqual([]);
    expect((await send('PUT', `/system/secrets${query}`, { body })).status).toBe(202);
    expect((await send('DELETE', `/system/secrets${query}`, { body })).status).toBe(202);
  });

  it('a value reaches the function as a file, rawValue before value, and an update at the next call', async () => {
    const raw = Buffer.from([0, 255, 10, 128]);
    await send('POST', '/system/secrets', { body: { name: 'text', value: 'ünï\n' } });
    await send('POST', '/system/secrets', { body: { name: 'raw', value: 'damaged', rawValue: raw.toString('base64') } });
    await gateway.deploy('reader', { envProcess: 'sh read.sh', image: bundle(gateway.home, 'ls "$SHOAL_SECRETS"; od -An -tx1 "$SHOAL_SECRETS/raw"; cat "$SHOAL_SECRETS/text"'), secrets: ['text', 'raw'] });
    expect((await send('POST', '/function/reader')).text).toBe('raw\ntext\n 00 ff 0a 80\nünï\n');
    await send('PUT', '/system/secrets', { body: { name: 'text', value: 'new' } });
    expect((await send('POST', '/function/reader')).text).toBe('raw\ntext\n 00 ff 0a 80\nnew');
  });

  it('DELETE refuses a secret in use, and names who uses it', async () => {
    await send('POST', '/system/secrets', { body: { name: 'used', value: 'v' } });
    await gateway.deploy('user', { envProcess: 'cat', secrets: ['used'] });
    expect(await send('DELETE', '/system/secrets', { body: { name: 'used' } })).toMatchObject({ status: 409, text: expect.stringContaining('user') });
    await send('DELETE', '/system/functions', { body: { functionName: 'user' } });
    expect((await send('DELETE', '/system/secrets', { body: { name: 'used' } })).status).toBe(202);
  });

  it('a value comes back by no route, no log and no file that others can read', async () => {
    const value = 'k9-sentinel-value';
    await send('POST', '/system/secrets', { body: { name: 'hidden', value } });
    await send('POST', '/system/secrets', { body: { name: 'hidden', value } });
    await send('POST', '/system/secrets', { body: { name: 'Hidden!', value } });
    await send('POST', '/system/secrets', { body: `{"name":"hidden","value":"${value}"` });
    await send('POST', '/system/secrets', { body: { name: 'hidden2', rawValue: `!${value}` } });
    await gateway.deploy('holder', { envProcess: 'cat', secrets: ['hidden'] });
    const paths = ['/system/secrets', '/system/functions', '/system/function/holder', '/system/logs?name=holder', '/system/info', '/readyz'];
    for (const path of paths) expect((await send('GET', path)).text).not.toContain(value);
    expect((await ask(gateway.metricsUrl, 'GET', '/metrics')).text).not.toContain(value);
    expect(gateway.output).not.toContain(value);
    const holding = filesOf(gateway.home).filter((file) => readFileSync(file).includes(value));
    expect(holding).toEqual([join(gateway.home, 'secrets', 'openfaas-fn', 'hidden.secret')]);
    expect(statSync(holding[0]!).mode & 0o077).toBe(0);
  });
});

describe('/system/namespaces', () => {
  let gateway: GatewayProcess;
  const send = (method: string, path: string, body?: unknown) => ask(gateway.url, method, path, { body });
  const names = async () => JSON.parse((await send('GET', '/system/namespaces')).text);
  const labels = { openfaas: '1' };

  beforeAll(async () => (gateway = await GatewayProcess.start({ function_namespace: 'fns' })));
  afterAll(() => gateway.dispose());

  it('holds the configured default one and no other', async () => {
    expect(await names()).toEqual(['fns']);
    expect(JSON.parse((await send('GET', '/system/namespace/fns')).text)).toMatchObject({ name: 'fns', labels });
  });

  it.each(['/system/namespace', '/system/namespace/', '/system/namespace/staging'])('POST %s creates; PUT replaces; DELETE removes', async (path) => {
    expect(await send('POST', path, { name: 'staging', labels, annotations: { a: 'b' } })).toMatchObject({ status: 201, text: '' });
    expect(await send('POST', path, { name: 'staging', labels })).toMatchObject({ status: 409 });
    expect(await names()).toEqual(['fns', 'staging']);
    expect(JSON.parse((await send('GET', '/system/namespace/staging')).text)).toEqual({ name: 'staging', labels, annotations: { a: 'b' } });
    expect(await send('PUT', '/system/namespace/staging', { name: 'staging', labels: { openfaas: 'true', x: 'y' } })).toMatchObject({ status: 202, text: '' });
    expect(JSON.parse((await send('GET', '/system/namespace/staging')).text)).toEqual({ name: 'staging', labels: { openfaas: 'true', x: 'y' }, annotations: {} });
    expect(await send('DELETE', '/system/namespace/staging', { name: 'staging' })).toMatchObject({ status: 202, text: '' });
    expect(await send('GET', '/system/namespace/staging')).toMatchObject({ status: 404 });
    expect(await names()).toEqual(['fns']);
  });

  it.each([
    ['no mark', 'POST', '/system/namespace/', { name: 'refused' }, 400],
    ['a wrong mark', 'POST', '/system/namespace/', { name: 'refused', labels: { openfaas: 'no' } }, 400],
    ['another name in the path', 'POST', '/system/namespace/staging', { name: 'refused', labels }, 400],
    ['a name that is none', 'POST', '/system/namespace/', { name: 'Not a name', labels }, 400],
    ['the default one again', 'POST', '/system/namespace/', { name: 'fns', labels }, 409],
    ['a change of the default one', 'PUT', '/system/namespace/fns', { name: 'fns', labels }, 400],
    ['an end of the default one', 'DELETE', '/system/namespace/fns', { name: 'fns' }, 400],
    ['a change of a missing one', 'PUT', '/system/namespace/missing', { name: 'missing', labels }, 404],
    ['an end of a missing one', 'DELETE', '/system/namespace/missing', undefined, 404],
    ['a look at a missing one', 'GET', '/system/namespace/missing', undefined, 404],
  ])('refuses %s', async (_case, method, path, body, status) => {
    expect((await send(method, path, body)).status).toBe(status);
    expect(await names()).toEqual(['fns']);
  });

  it('DELETE refuses one that holds functions or secrets', async () => {
    await send('POST', '/system/namespace/', { name: 'full', labels });
    await send('POST', '/system/functions', { service: 'f', image: 'any', envProcess: 'cat', namespace: 'full' });
    await send('POST', '/system/secrets', { name: 's', value: 'v', namespace: 'full' });
    expect((await send('DELETE', '/system/namespace/full')).status).toBe(409);
    await send('DELETE', '/system/functions', { functionName: 'f', namespace: 'full' });
    expect((await send('DELETE', '/system/namespace/full')).status).toBe(409);
    await send('DELETE', '/system/secrets', { name: 's', namespace: 'full' });
    expect((await send('DELETE', '/system/namespace/full')).status).toBe(202);
  });

  it('a function is called by name.namespace, and by its name where the namespace is the default one', async () => {
    await send('POST', '/system/namespace/', { name: 'ns2', labels });
    await send('POST', '/system/functions', { service: 'where', image: 'any', envProcess: 'printenv OPENFAAS_NAMESPACE', namespace: 'ns2' });
    await send('POST', '/system/functions', { service: 'where', image: 'any', envProcess: 'printenv OPENFAAS_NAMESPACE' });
    expect((await send('POST', '/function/where.ns2')).text).toBe('ns2\n');
    expect((await send('POST', '/function/where.fns')).text).toBe('fns\n');
    expect((await send('POST', '/function/where')).text).toBe('fns\n');
  });
});

/** A bundle whose `read.sh` is the script; returns its path. */
function bundle(home: string, script: string): string {
  const folder = join(home, 'bundles', 'reader');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'function.yml'), 'command: sh read.sh\n');
  writeFileSync(join(folder, 'read.sh'), script);
  return folder;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
