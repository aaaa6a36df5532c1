import SwaggerParser from '@apidevtools/swagger-parser';
import request from 'supertest';
import { open } from './ask';
import { GatewayProcess } from './gateway-process';

type Operation = { readonly responses: Readonly<Record<string, unknown>>; readonly operationId?: string; readonly security?: readonly unknown[] };
interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

/** Every route of the wire contract that this gateway has, and our own. */
const ROUTES = [
  'get /system/functions', 'post /system/functions', 'put /system/functions', 'delete /system/functions',
  'get /system/function/{name}', 'get /system/function/{name}/scaling', 'get /system/function/{name}/statistics', 'get /system/events', 'post /system/scale-function/{name}', 'get /system/info', 'get /system/backup', 'get /system/logs', 'post /system/alert',
  'get /system/secrets', 'post /system/secrets', 'put /system/secrets', 'delete /system/secrets', 'get /system/namespaces',
  'get /system/namespace/{name}', 'post /system/namespace', 'post /system/namespace/{name}', 'put /system/namespace/{name}', 'delete /system/namespace/{name}',
  'get /async-function/calls/{id}', 'get /async-function/calls/{id}/result', 'delete /async-function/calls/{id}',
  'get /system/queue', 'get /system/queue/dead', 'get /system/queue/dead/{id}', 'post /system/queue/dead/{id}/redrive', 'post /system/queue/dead/redrive', 'delete /system/queue/dead/{id}', 'delete /system/queue/dead',
  'post /ui/session', 'get /ui/session', 'delete /ui/session', 'get /healthz', 'get /readyz', 'post /',
  ...['get', 'post', 'put', 'patch', 'delete', 'head', 'options'].flatMap((method) =>
    ['/function/{name}', '/function/{name}/{path}', '/async-function/{name}', '/async-function/{name}/{path}'].map((path) => `${method} ${path}`),
  ),
]; // prettier-ignore

describe('/openapi.json', () => {
  let gateway: GatewayProcess;
  let description: Description;
  let operations: (readonly [route: string, operation: Operation])[];

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    description = (await request(gateway.url).get('/openapi.json').auth('admin', gateway.password).expect(200)).body as Description;
    operations = Object.entries(description.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const));
  });
  afterAll(() => gateway.dispose());

  const send = (method: string, path: string, body?: object) =>
    fetch(`${gateway.url}${path}`, { method: method.toUpperCase(), headers: gateway.authorization(), ...(body ? { body: JSON.stringify(body) } : {}) });

  it('describes exactly the routes that there are', () => {
    expect(operations.map(([route]) => route).sort()).toEqual([...ROUTES].sort());
  });

  it('is valid OpenAPI', async () => {
    const copy = JSON.parse(JSON.stringify(description)) as Parameters<typeof SwaggerParser.validate>[0];
    await expect(SwaggerParser.validate(copy)).resolves.toBeDefined();
  });

  it('is whole: every reference leads somewhere, every path parameter is declared, every id is used once', () => {
    expect(description.openapi).toMatch(/^3\.0\./);
    const references = [...JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]!);
    expect(references.length).toBeGreaterThan(10);
    for (const name of references) expect(description.components.schemas).toHaveProperty([name]);
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [route, operation] of operations) {
      const declared = ((operation as { parameters?: { name: string; in: string }[] }).parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      expect({ route, declared }).toEqual({ route, declared: [...route.matchAll(/\{(\w+)\}/g)].map((match) => match[1]) });
      expect(Object.keys(operation.responses).every((status) => /^([1-5]\d\d|default)$/.test(status))).toBe(true);
    }
  });

  it('says of what is guarded that it is', () => {
    for (const [route, { responses, security }] of operations) {
      if (route.includes(' /system/')) expect({ route, responses }).toMatchObject({ route, responses: { 401: expect.anything() } });
      else expect({ route, security }).toEqual({ route, security: [] });
    }
  });

  const labels = { openfaas: '1' };
  const fn = { service: 'described', image: 'x', envProcess: 'cat' };
  const steps: readonly (readonly [method: string, path: string, body: object | undefined, pattern?: string])[] = [
    ['post', '/system/functions', fn],
    ['put', '/system/functions', fn],
    ['put', '/system/functions', { ...fn, service: 'nobody' }],
    ['post', '/system/functions', { ...fn, service: 'No Name' }],
    ['get', '/system/functions', undefined],
    ['get', '/system/function/described', undefined, '/system/function/{name}'],
    ['get', '/system/function/nobody', undefined, '/system/function/{name}'],
    ['get', '/system/function/described/statistics', undefined, '/system/function/{name}/statistics'],
    ['get', '/system/function/nobody/statistics', undefined, '/system/function/{name}/statistics'],
    ['post', '/system/scale-function/described', { replicas: 2 }, '/system/scale-function/{name}'],
    ['post', '/system/scale-function/nobody', { replicas: 2 }, '/system/scale-function/{name}'],
    ['get', '/system/info', undefined],
    ['get', '/system/logs?name=described', undefined, '/system/logs'],
    ['get', '/system/logs?name=described&tail=x', undefined, '/system/logs'],
    ['post', '/system/alert', { alerts: [] }],
    ['post', '/system/secrets', { name: 'key', value: 'v' }],
    ['post', '/system/secrets', { name: 'key', value: 'v' }],
    ['put', '/system/secrets', { name: 'key', value: 'v' }],
    ['get', '/system/secrets', undefined],
    ['delete', '/system/secrets', { name: 'key' }],
    ['delete', '/system/secrets', { name: 'key' }],
    ['get', '/system/namespaces', undefined],
    ['post', '/system/namespace', { name: 'a', labels }],
    ['post', '/system/namespace/b', { name: 'b', labels }, '/system/namespace/{name}'],
    ['post', '/system/namespace/b', { name: 'b', labels }, '/system/namespace/{name}'],
    ['put', '/system/namespace/b', { name: 'b', labels }, '/system/namespace/{name}'],
    ['get', '/system/namespace/b', undefined, '/system/namespace/{name}'],
    ['delete', '/system/namespace/b', undefined, '/system/namespace/{name}'],
    ['delete', '/system/namespace/b', undefined, '/system/namespace/{name}'],
    ['delete', '/system/functions', { functionName: 'described' }],
    ['delete', '/system/functions', { functionName: 'described' }],
    ['post', '/ui/session', { user: 'admin', password: 'wrong' }],
    ['post', '/ui/session', { user: 'admin' }],
    ['get', '/ui/session', undefined],
    ['delete', '/ui/session', undefined],
    ['get', '/healthz', undefined],
    ['get', '/readyz', undefined],
    ['get', '/function/nobody', undefined, '/function/{name}'],
    ['post', '/', {}],
  ];

  it('documents every status that the routes answer with, and every field', async () => {
    for (const [method, path, body, pattern = path] of steps) {
      const answer = await send(method, path, body);
      const documented = description.paths[pattern]![method]!;
      expect({ method, path, known: Object.keys(documented.responses) }).toEqual({ method, path, known: expect.arrayContaining([String(answer.status)]) });
      expect(answer.status).toBeLessThan(500);
      if (path === '/system/functions' && method === 'get') {
        const [status] = (await answer.json()) as object[];
        expect(Object.keys(description.components.schemas['FunctionStatus']!.properties!)).toEqual(expect.arrayContaining(Object.keys(status!)));
      }
    }
  });

  it('documents every field of the platform that the events tell', async () => {
    const stream = await open(gateway.url, 'GET', '/system/events', { headers: gateway.authorization() });
    let text = '';
    // Leaving the loop closes the connection.
    for await (const chunk of stream.setEncoding('utf8')) {
      text += chunk as string;
      if (/^event: platform\n.*\n\n/m.test(text)) break;
    }
    const platform = JSON.parse(/^event: platform\ndata: (.*)$/m.exec(text)![1]!) as object;
    expect(Object.keys(description.components.schemas['PlatformStatus']!.properties!)).toEqual(expect.arrayContaining(['namespace', ...Object.keys(platform)]));
  });

  it('asks for the password wherever it says so, and for all of the pages', async () => {
    const guarded = operations.map(([route]) => route.split(' ')).filter(([, path]) => path!.startsWith('/system/'));
    const pages = ['/ui', '/ui/', '/ui/index.html', '/docs', '/docs/', '/docs/swagger-ui-bundle.js', '/openapi.json'].map((path) => ['get', path]);
    for (const [method, path] of [...guarded, ...pages]) {
      for (const headers of [{}, { Authorization: 'Bearer ' }, { Authorization: 'Basic ' }, { Authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` }] as Record<string, string>[]) {
        if (headers['Authorization']?.endsWith('=') && path !== '/ui/') continue; // Wrong ones are slow on purpose.
        const answer = await fetch(`${gateway.url}${path!.replace(/\{\w+\}/, 'x')}`, { method: method!.toUpperCase(), headers, redirect: 'manual' });
        expect({ method, path, status: answer.status }).toEqual({ method, path, status: 401 });
        expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Restricted"');
      }
    }
  });

  it('is shown by a page that takes nothing from elsewhere', async () => {
    const page = await request(gateway.url).get('/docs/').auth('admin', gateway.password).expect(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => new URL(match[1]!, `${gateway.url}/docs/`));
    expect(assets.length).toBeGreaterThan(3);
    for (const { origin, pathname } of assets) {
      expect(origin).toBe(gateway.url);
      await request(gateway.url).get(pathname).auth('admin', gateway.password).expect(200);
    }
  });

  it('is shown by a page that needs no exception from a strict policy', async () => {
    const page = await request(gateway.url).get('/docs').auth('admin', gateway.password).expect(200);
    expect(page.headers['content-security-policy']).toMatch(/script-src 'self'; style-src 'self';/);
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.text).not.toMatch(/<style|<script(?![^>]* src=)|\s(style|on\w+)=/);
    expect(page.text).toContain('href="/ui/"');
  });

  it('is shown by a page that knows the session of who is signed in, when it is opened and not when another page fetches it', async () => {
    const [user, password] = ['admin', gateway.password];
    const session = await request(gateway.url).post('/ui/session').send({ user, password }).expect(200);
    const open = async (destination: string) => (await request(gateway.url).get('/docs').set({ Cookie: session.headers['set-cookie']![0]!, 'Sec-Fetch-Dest': destination }).expect(200)).text;
    const place = (token: string) => `<meta name="shoal-session" content="${token}">`;
    expect(await open('document')).toContain(place((session.body as { token: string }).token));
    for (const destination of ['empty', 'iframe']) expect(await open(destination)).toContain(place(''));
  });

  it('shows no other file of what the page is made with', async () => {
    for (const file of ['package.json', 'index.html', 'swagger-ui.js']) await request(gateway.url).get(`/docs/${file}`).auth('admin', gateway.password).expect(404);
  });

  it("refuses to change anything for another site's page", async () => {
    for (const [name, value] of [['Origin', 'http://evil.example'], ['Sec-Fetch-Site', 'cross-site']] as const) {
      const answer = await request(gateway.url).post('/system/functions').auth('admin', gateway.password).set(name, value).send(fn);
      expect(answer.status).toBe(403);
    }
    await request(gateway.url).post('/system/functions').auth('admin', gateway.password).set('Origin', gateway.url).send(fn).expect(202);
  });

  it('lets the owner in while others guess', async () => {
    const wrong = () => fetch(`${gateway.url}/system/info`, { headers: { Authorization: `Basic ${Buffer.from(`admin:${Math.random()}`).toString('base64')}` } });
    const guesses = Promise.all(Array.from({ length: 40 }, async () => (await wrong()).status));
    await request(gateway.url).get('/system/info').auth('admin', gateway.password).expect(200);
    expect(new Set(await guesses)).toEqual(new Set([401, 429]));
  });
});
