import { ask } from './ask';
import { GatewayProcess } from './gateway-process';

describe('errors of the control plane', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => (gateway = await GatewayProcess.start()));
  afterAll(() => gateway.dispose());

  it.each([
    ['GET', '/nope'],
    ['POST', '/nope'],
    ['DELETE', '/nope'],
    ['GET', '/system'],
    ['GET', '/system/nope'],
    ['GET', '/metrics'],
    ['GET', '/SYSTEM/functions'],
    ['GET', '/system/functions/x/y'],
    ['GET', '/ui/nope'],
    ['GET', '/ui/%2e%2e%2f%2e%2e%2fpackage.json'],
  ])('%s %s is unknown', async (method, path) => {
    const { status, text, headers } = await ask(gateway.url, method, path, method === 'GET' ? {} : { body: 'no json' });
    if (status === 403) return expect(path).toContain('%2e');
    expect({ status, text }).toEqual({ status: 404, text: '404 page not found\n' });
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  });

  it.each([
    ['PATCH', '/system/functions'],
    ['OPTIONS', '/system/functions'],
    ['TRACE', '/system/functions'],
    ['DELETE', '/system/function/x'],
    ['GET', '/system/scale-function/x'],
    ['POST', '/system/info'],
    ['PATCH', '/system/secrets'],
    ['POST', '/system/logs'],
    ['GET', '/system/alert'],
    ['POST', '/system/namespaces'],
    ['PATCH', '/system/namespace/x'],
    ['POST', '/healthz'],
    ['DELETE', '/'],
  ])('%s %s is a wrong method', async (method, path) => {
    expect(await ask(gateway.url, method, path)).toMatchObject({ status: 405, text: '' });
  });

  it.each([
    ['//system/functions', '/system/functions'],
    ['/system//functions?a=b?c&d=//', '/system/functions?a=b?c&d=//'],
    ['/system/./info', '/system/info'],
    ['/system/x/../info', '/system/info'],
    ['/system/function/..', '/system'],
    ['/../../etc/passwd', '/etc/passwd'],
    ['/ui//index.html', '/ui/index.html'],
    ['/ui/../x', '/x'],
    ['//evil.example/', '/evil.example/'],
    ['//\\evil.example/', '/%5Cevil.example/'],
  ])('%s moves to %s', async (path, location) => {
    expect(await ask(gateway.url, 'GET', path)).toMatchObject({ status: 301, text: '', headers: { location } });
  });

  it('/ leads to the portal, with its slash or without', async () => {
    expect(await ask(gateway.url, 'GET', '/')).toMatchObject({ status: 301, headers: { location: '/ui/' } });
    expect(await ask(gateway.url, 'GET', '/ui')).toMatchObject({ status: 301, headers: { location: '/ui/' } });
    expect(await ask(gateway.url, 'GET', '/ui/')).toMatchObject({ status: 200, text: expect.stringContaining('<title>Shoal') });
  });

  it.each([
    ['GET', '/system/function/nope', undefined, 404, 'function-not-found'],
    ['POST', '/system/functions', '{', 400, 'invalid-request'],
    ['POST', '/system/functions', {}, 400, 'invalid-request'],
    ['POST', '/system/functions', 'x'.repeat(2 * 1024 * 1024), 413, 'body-too-large'],
    ['DELETE', '/system/secrets', { name: 'nope' }, 404, 'secret-not-found'],
    ['GET', '/system/namespace/nope', undefined, 404, 'namespace-not-found'],
  ])('%s %s as a problem document, for who accepts one, and else as text', async (method, path, body, status, code) => {
    const problem = await ask(gateway.url, method, path, { body, headers: { Accept: 'application/problem+json' } });
    expect(problem.headers['content-type']).toMatch(/^application\/problem\+json/);
    const { detail, ...rest } = JSON.parse(problem.text);
    expect(rest).toEqual({ type: 'about:blank', title: expect.stringMatching(/./), status, code });
    const plain = await ask(gateway.url, method, path, { body });
    expect(plain).toMatchObject({ status, text: `${detail}\n`, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' } });
  });

  it.each([
    ['/healthz', 200],
    ['/readyz', 200],
    ['/', 301],
    ['/ui/', 200],
    ['/docs', 200],
    ['/openapi.json', 200],
    ['/system/functions', 200],
    ['/system/info', 200],
    ['/system/function/nope', 404],
    ['/nope', 404],
  ])('HEAD %s answers as GET, without the body', async (path, status) => {
    const [head, get] = [await ask(gateway.url, 'HEAD', path), await ask(gateway.url, 'GET', path)];
    expect(head).toMatchObject({ status, text: '' });
    expect(get.status).toBe(status);
    expect(head.headers['content-type']).toBe(get.headers['content-type']);
  });
});
