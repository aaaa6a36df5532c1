import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { WebSocket } from 'ws';
import { ask, open } from './ask';
import { GatewayProcess } from './gateway-process';
import { webBundle } from './web-bundle';

const HTML = { Accept: 'text/html,application/xhtml+xml' };
const NAVIGATION = { ...HTML, 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'none' };
const FORGED = `shoal_session=${'A'.repeat(43)}`;
const MARK = 'shoal_session_mark=1';
const CLEARED = [expect.stringMatching(/^shoal_session=; Path=\/; HttpOnly; Max-Age=0;/), expect.stringMatching(/^shoal_session_mark=; Path=\/; HttpOnly; Max-Age=0/)];
const SANDBOX = /^sandbox allow-/;

describe('the session of the portal', () => {
  let gateway: GatewayProcess;
  const bundle = webBundle({
    '/served': `(req, res) => res.setHeader('Content-Security-Policy', "default-src 'self'").setHeader('Service-Worker-Allowed', '/').end('<h1>page</h1>')`,
  });
  const send = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => ask(gateway.url, method, path, { headers, body });
  const signIn = async (headers: Record<string, string> = {}) => {
    const { status, headers: answered, text } = await send('POST', '/ui/session', headers, { user: 'admin', password: gateway.password });
    expect(status).toBe(200);
    const [setCookie] = answered['set-cookie']!;
    const { user, token } = JSON.parse(text) as { user: string; token: string };
    return { setCookie: setCookie!, cookie: setCookie!.split(';')[0]!, user, token };
  };

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    await gateway.deploy('web', { image: bundle });
  });
  afterAll(async () => {
    await gateway.stop('SIGKILL');
    for (const folder of [gateway.home, bundle]) rmSync(folder, { recursive: true });
  });

  it('begins with user and password, and is a cookie that no script reads and no other site sends', async () => {
    const { setCookie, user, token } = await signIn();
    expect(setCookie).toMatch(/^shoal_session=[\w-]{43}; Path=\/; HttpOnly; Max-Age=43200; SameSite=Strict$/);
    expect({ user, token }).toEqual({ user: 'admin', token: expect.stringMatching(/^[\w-]{43}$/) });
    expect((await signIn({ 'X-Forwarded-Proto': 'https' })).setCookie).toMatch(/; Secure$/);
  });

  it('has a new id at each sign-in, and ends the one before', async () => {
    const first = await signIn({ Cookie: FORGED });
    const second = await signIn({ Cookie: first.cookie });
    expect(new Set([FORGED, first.cookie, second.cookie]).size).toBe(3);
    expect((await send('GET', '/ui/session', { Cookie: first.cookie })).status).toBe(401);
    expect((await send('GET', '/ui/session', { Cookie: second.cookie })).text).toBe('{"user":"admin"}');
  });

  it('does not begin with what is wrong, and asks for nothing by itself', async () => {
    for (const credentials of [{ user: 'admin', password: 'wrong' }, { user: 'root', password: gateway.password }]) {
      const { status, headers, text } = await send('POST', '/ui/session', { Accept: 'application/problem+json' }, credentials);
      expect({ status, text: JSON.parse(text) as object }).toMatchObject({ status: 401, text: { code: 'unauthorized', detail: 'the user or the password is wrong' } });
      expect(headers).not.toHaveProperty('set-cookie');
      expect(headers).not.toHaveProperty('www-authenticate');
    }
  });

  it.each<[string, unknown, number, RegExp]>([
    ['no body', undefined, 400, /body is required/],
    ['no JSON', 'user=admin&password=x', 400, /JSON/],
    ['no password', { user: 'admin' }, 400, /password/],
    ['a password that is none', { user: 'admin', password: ['x'] }, 400, /password/],
    ['a password without end', { user: 'admin', password: 'x'.repeat(1_025) }, 400, /password/],
    ['a body without end', { user: 'admin', password: 'x'.repeat(1024 * 1024) }, 413, /1048576/],
  ])('refuses %s', async (_name, body, status, text) => {
    expect(await send('POST', '/ui/session', {}, body)).toMatchObject({ status, text: expect.stringMatching(text) });
  });

  it('lets a request in with cookie and token, and not with one of them', async () => {
    const { cookie, token } = await signIn();
    const other = await signIn();
    const status = async (headers: Record<string, string>, method = 'GET', path = '/system/functions') => (await send(method, path, headers)).status;
    expect(await status({ Cookie: cookie, 'X-Shoal-Session': token })).toBe(200);
    expect(await status({ Cookie: `a=b; ${FORGED};${cookie}`, 'X-Shoal-Session': token })).toBe(200);
    expect(await status({ Cookie: cookie, 'X-Shoal-Session': token, Origin: gateway.url }, 'DELETE', '/system/queue/dead')).toBeLessThan(300);
    for (const headers of [{ Cookie: cookie }, { 'X-Shoal-Session': token }, { Cookie: cookie, 'X-Shoal-Session': other.token }, { Cookie: cookie, 'X-Shoal-Session': '' }, { Cookie: FORGED, 'X-Shoal-Session': token }] as Record<string, string>[]) {
      expect(await status(headers)).toBe(401);
    }
  });

  it('counts for nothing where there are credentials', async () => {
    const { cookie, token } = await signIn();
    const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
    const status = async (headers: Record<string, string>) => (await send('GET', '/system/info', headers)).status;
    expect(await status({ Cookie: cookie, 'X-Shoal-Session': token, Authorization: basic('wrong') })).toBe(401);
    expect(await status({ Cookie: FORGED, Authorization: basic(gateway.password) })).toBe(200);
    expect(await status({ Cookie: cookie, 'X-Shoal-Session': token, Authorization: 'Bearer ' })).toBe(401);
  });

  it("lets another site's page change nothing, or sign in", async () => {
    const { cookie, token } = await signIn();
    for (const headers of [{ Origin: 'http://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }] as Record<string, string>[]) {
      const own = { Cookie: cookie, 'X-Shoal-Session': token, ...headers };
      expect((await send('POST', '/system/functions', own, { service: 'x', image: 'x' })).status).toBe(403);
      expect((await send('POST', '/ui/session', own, { user: 'admin', password: gateway.password })).status).toBe(403);
      expect((await send('DELETE', '/ui/session', own)).status).toBe(403);
    }
    expect((await send('GET', '/ui/session', { Cookie: cookie })).status).toBe(200);
  });

  it('ends when it is told to by who has its token, without a body, and as often as one likes', async () => {
    const { cookie, token } = await signIn();
    expect((await send('DELETE', '/ui/session', { Cookie: cookie })).status).toBe(401);
    for (let i = 0; i < 2; i++) {
      const { status, headers } = await send('DELETE', '/ui/session', { Cookie: cookie, 'X-Shoal-Session': token });
      expect(status).toBe(204);
      expect(headers['set-cookie']).toEqual(CLEARED);
    }
    expect((await send('GET', '/system/info', { Cookie: cookie, 'X-Shoal-Session': token })).status).toBe(401);
  });

  it('ends what goes on in it, and nothing else does', async () => {
    const { cookie, token } = await signIn();
    const other = await signIn();
    const follow = (path: string, headers: Record<string, string>) => open(gateway.url, 'GET', path, { headers });
    const followAll = async (headers: Record<string, string>) => [await follow('/system/events', headers), await follow('/system/logs?name=web&follow=true', headers)];
    const own = await followAll({ Cookie: cookie, 'X-Shoal-Session': token });
    const others = [...(await followAll({ Cookie: other.cookie, 'X-Shoal-Session': other.token })), ...(await followAll({ Cookie: cookie, ...gateway.authorization() }))];
    expect([...own, ...others].map(({ statusCode }) => statusCode)).toEqual(Array(6).fill(200));
    const ended = Promise.all(own.map((stream) => once(stream.resume(), 'end')));
    for (const stream of others) stream.resume();
    await send('DELETE', '/ui/session', { Cookie: cookie, 'X-Shoal-Session': token });
    await ended;
    // Were they ended too, their ends would have come before this answer.
    await send('GET', '/healthz');
    expect(others.map(({ readableEnded }) => readableEnded)).toEqual(Array(4).fill(false));
    for (const stream of others) stream.destroy();
  });

  it('takes a cookie away that is worth nothing, and leaves one that is', async () => {
    const { cookie } = await signIn();
    for (const path of ['/system/info', '/ui/session', '/ui/']) {
      expect((await send('GET', path, { ...HTML, Cookie: FORGED })).headers['set-cookie']).toEqual(CLEARED);
      // A browser that comes by another site's link sends the mark only, and is to stay signed in.
      for (const cookies of [{}, { Cookie: MARK }] as Record<string, string>[]) expect((await send('GET', path, { ...HTML, ...cookies })).headers).not.toHaveProperty('set-cookie');
    }
    const { status, headers } = await send('GET', '/system/info', { Cookie: cookie });
    expect({ status, cleared: headers['set-cookie'] }).toEqual({ status: 401, cleared: undefined });
  });

  describe('on the page', () => {
    const token = (text: string) => /<meta name="shoal-session" content="([^"]*)">/.exec(text)![1];

    it('is nothing for a browser that is not signed in, which gets the page all the same', async () => {
      const { status, text, headers } = await send('GET', '/ui/', NAVIGATION);
      expect({ status, token: token(text) }).toEqual({ status: 401, token: '' });
      expect(headers).not.toHaveProperty('www-authenticate');
      for (const asset of text.matchAll(/(?:src|href)="(?:\.\/)?((?:assets|favicon)[^"]+)"/g)) expect((await send('GET', `/ui/${asset[1]}`)).status).toBe(200);
      for (const path of ['/ui', '/ui/nope']) expect(await send('GET', path, NAVIGATION)).toMatchObject({ status: 302, headers: { location: '/ui/' } });
      for (const path of ['/docs', '/openapi.json']) expect(await send('GET', path, NAVIGATION)).toMatchObject({ status: 302, headers: { location: `/ui/?next=${path}` } });
    });

    it('is a challenge for who is no browser', async () => {
      for (const path of ['/ui/', '/docs', '/openapi.json', '/system/info']) {
        expect(await send('GET', path, { Accept: '*/*' })).toMatchObject({ status: 401, text: 'invalid credentials\n', headers: { 'www-authenticate': 'Basic realm="Restricted"' } });
        for (const browser of [HTML, { 'Sec-Fetch-Site': 'same-origin' }, { 'X-Shoal-Session': 'x' }, { Cookie: MARK }] as Record<string, string>[]) {
          expect((await send('GET', path, browser)).headers).not.toHaveProperty('www-authenticate');
        }
      }
    });

    it('is the token, for a navigation only', async () => {
      const session = await signIn();
      const shown = async (headers: Record<string, string>, path = '/ui/') => {
        const { status, text } = await send('GET', path, { Cookie: session.cookie, ...headers });
        return [status, token(text)];
      };
      expect(await shown(NAVIGATION)).toEqual([200, session.token]);
      expect(await shown(HTML, '/ui/index.html?x')).toEqual([200, session.token]);
      for (const destination of ['empty', 'iframe', 'object', 'embed', 'script']) expect(await shown({ ...HTML, 'Sec-Fetch-Dest': destination })).toEqual([200, '']);
    });

    it('begins by credentials, where somebody reads pages', async () => {
      const { text, headers } = await send('GET', '/ui/', { ...HTML, ...gateway.authorization() });
      const [cookie] = headers['set-cookie']![0]!.split(';');
      expect((await send('GET', '/system/info', { Cookie: cookie!, 'X-Shoal-Session': token(text)! })).status).toBe(200);
      expect((await send('GET', '/ui/', { ...HTML, ...gateway.authorization(), Cookie: cookie! })).headers).not.toHaveProperty('set-cookie');
      const program = await send('GET', '/ui/', gateway.authorization());
      expect({ status: program.status, token: token(program.text), cookie: program.headers['set-cookie'] }).toEqual({ status: 200, token: '', cookie: undefined });
    });

    it('is kept by nobody, framed by nobody, and runs nothing but its own', async () => {
      const { cookie } = await signIn();
      for (const headers of [{ Cookie: cookie }, {}] as Record<string, string>[]) {
        expect((await send('GET', '/ui/', { ...NAVIGATION, ...headers })).headers).toMatchObject({
          'cache-control': 'no-store',
          'content-security-policy': expect.stringMatching(/^default-src 'none'; (?!.*unsafe).*frame-ancestors 'none'/),
          'cross-origin-opener-policy': 'same-origin',
          'x-frame-options': 'DENY',
          'x-content-type-options': 'nosniff',
          vary: expect.stringContaining('Cookie'),
        });
      }
    });

    it('opens the description of the API with the cookie alone', async () => {
      const { cookie } = await signIn();
      for (const path of ['/docs', '/docs/swagger-ui.css', '/openapi.json']) expect((await send('GET', path, { Cookie: cookie })).status).toBe(200);
      for (const path of ['/docs/../system/info', '/ui/assets/../../system/info']) expect((await send('GET', path, { Cookie: cookie })).status).toBe(301);
    });
  });

  describe('and functions', () => {
    const received = (text: string) => (JSON.parse(text) as { headers: Record<string, string> }).headers;

    it('is not for them to see, while all other cookies are', async () => {
      const { cookie, token } = await signIn();
      const { text, headers } = await send('GET', '/function/web/echo', { Cookie: `a="1;2"; ${cookie};  b = x; shoal_session=; ${MARK}; c`, 'X-Shoal-Session': token });
      expect(received(text)['cookie']).toBe('a="1;2";  b = x; c');
      expect(received(text)).not.toHaveProperty('x-shoal-session');
      expect(headers['content-security-policy']).toMatch(SANDBOX);
      expect(received((await send('GET', '/function/web/echo', { Cookie: cookie })).text)).not.toHaveProperty('cookie');
    });

    it('is not for them to see later, either', async () => {
      const { cookie } = await signIn();
      const accepted = await send('POST', '/async-function/web/echo', { Cookie: `a=1; ${cookie}` }, 'x');
      const location = `${accepted.headers.location}?wait=20s`;
      await send('GET', location);
      const result = await send('GET', `${accepted.headers.location}/result`);
      expect(received(result.text)['cookie']).toBe('a=1');
    });

    it('is not for them to see when they are upgraded', async () => {
      const { cookie } = await signIn();
      const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/function/web/cookie`, { headers: { Cookie: `a=1; ${cookie}` } });
      const [message] = (await once(socket, 'message')) as [Buffer];
      socket.close();
      expect(message.toString()).toBe('cookie a=1');
    });

    it('takes their pages out of the origin of the portal, which others keep', async () => {
      const { cookie } = await signIn();
      const page = async (headers: Record<string, string>) => (await send('GET', '/function/web/served', headers)).headers;
      const signedIn = await page({ Cookie: cookie });
      expect(signedIn['content-security-policy']).toMatch(/^default-src 'self', sandbox allow-/);
      expect(signedIn['content-security-policy']).not.toContain('allow-same-origin');
      expect(signedIn['vary']).toBe('Cookie');
      expect((await page({ Cookie: `${MARK}; a=1` }))['content-security-policy']).toMatch(/, sandbox allow-/);
      for (const others of [await page({}), await page({ Cookie: 'shoal_sessions=x; a=shoal_session=y' })]) expect(others['content-security-policy']).toBe("default-src 'self'");
      expect(signedIn).not.toHaveProperty('service-worker-allowed');
    });
  });

  // The last: those that wait go on waiting.
  it('bounds who tries at a time, as for basic authentication', async () => {
    const guess = () => send('POST', '/ui/session', {}, { user: 'admin', password: String(Math.random()) });
    const guesses = Array.from({ length: 12 }, guess);
    void Promise.allSettled(guesses);
    const first = await Promise.race(guesses);
    expect(first).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  });
});

describe('a portal without authentication', () => {
  it('has no session, and says so', async () => {
    const gateway = await GatewayProcess.start();
    const page = await ask(gateway.url, 'GET', '/ui/', { headers: NAVIGATION });
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('<meta name="shoal-session" content="none">') });
    expect(page.headers).not.toHaveProperty('set-cookie');
    expect((await ask(gateway.url, 'GET', '/ui/session')).status).toBe(404);
    expect((await ask(gateway.url, 'POST', '/ui/session', { body: { user: 'a', password: 'b' } })).status).toBe(404);
    expect((await ask(gateway.url, 'DELETE', '/ui/session')).status).toBe(204);
    expect((await ask(gateway.url, 'PATCH', '/ui/session')).status).toBe(405);
    await gateway.dispose();
  });
});
