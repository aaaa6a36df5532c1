import { GatewayProcess } from '../e2e/gateway-process';
import { ask } from '../e2e/ask';
import { faultRow } from './fault-table';

const HTML = { Accept: 'text/html' };
type Headers = Readonly<Record<string, string>>;

/** What browsers say of a request that a page of another site, or of a function in its sandbox, makes them send. */
const FOREIGN: readonly (readonly [string, (host: string) => Headers])[] = [
  ['another site', () => ({ Origin: 'http://evil.example' })],
  ['no origin (a sandbox, a file, a data: URL)', () => ({ Origin: 'null' })],
  ['an empty origin', () => ({ Origin: '' })],
  ['a site below ours', (host) => ({ Origin: `http://evil.${host}` })],
  ['a site that ours is below', (host) => ({ Origin: `http://${host.replace(/^127\./, '')}` })],
  ['a name that begins as ours', (host) => ({ Origin: `http://${host}.evil.example` })],
  ['ours as a user', (host) => ({ Origin: `http://${host}@evil.example` })],
  ['ours as a path', (host) => ({ Origin: `http://evil.example/${host}` })],
  ['another port', (host) => ({ Origin: `http://${host.split(':')[0]!}:1` })],
  ['no port', (host) => ({ Origin: `http://${host.split(':')[0]!}` })],
  ['another name of this machine', (host) => ({ Origin: `http://localhost:${host.split(':')[1]!}` })],
  ['another scheme', () => ({ Origin: 'chrome-extension://abcdefgh' })],
  ['two origins', (host) => ({ Origin: `http://${host} http://evil.example` })],
  ['cross-site, without an origin', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
  ['same-site, without an origin', () => ({ 'Sec-Fetch-Site': 'same-site' })],
  ['same-site, as a form', (host) => ({ 'Sec-Fetch-Site': 'same-site', 'Content-Type': 'application/x-www-form-urlencoded', Origin: `http://${host}` })],
  ['our origin, but cross-site', (host) => ({ Origin: `http://${host}`, 'Sec-Fetch-Site': 'cross-site' })],
];
const OURS: readonly ((host: string) => Headers)[] = [() => ({}), (host) => ({ Origin: `http://${host}` }), (host) => ({ Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' }), () => ({ 'Sec-Fetch-Site': 'none' })];

describe.each([['on one process', '1'], ['through workers', '2']])('browsers that an attacker has a hand in, %s', (title, workers) => {
  let gateway: GatewayProcess;
  let host: string;
  const send = (method: string, path: string, headers: Headers = {}, body?: unknown) => ask(gateway.url, method, path, { headers, body });
  const signIn = async (headers: Headers = {}) => {
    const { headers: answered, text } = await send('POST', '/ui/session', headers, { user: 'admin', password: gateway.password });
    const cookies = answered['set-cookie']!;
    return { cookies, cookie: cookies[0]!.split(';')[0]!, token: (JSON.parse(text) as { token: string }).token };
  };
  const isIn = async ({ cookie, token }: { readonly cookie: string; readonly token: string }) => (await send('GET', '/system/info', { Cookie: cookie, 'X-Shoal-Session': token })).status === 200;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true', SHOAL_WORKERS: workers });
    host = new URL(gateway.url).host;
  });
  afterAll(() => gateway.dispose());

  it('change nothing for pages of others, whatever these have them send along', async () => {
    const session = await signIn();
    const changes: readonly (readonly [string, string, unknown])[] = [
      ['POST', '/system/functions', { service: 'planted', image: 'x', envProcess: 'cat' }],
      ['PUT', '/system/functions', { service: 'planted', image: 'x', envProcess: 'cat' }],
      ['DELETE', '/system/functions', { functionName: 'planted' }],
      ['POST', '/system/scale-function/planted', { replicas: 5 }],
      ['POST', '/system/secrets', { name: 'planted', value: 'x' }],
      ['POST', '/system/alert', { alerts: [] }],
      ['DELETE', '/system/queue/dead', undefined],
      ['POST', '/system/queue/dead/redrive', undefined],
      ['DELETE', '/async-function/calls/00000000000000000000000000000000', undefined],
      ['POST', '/ui/session', { user: 'admin', password: gateway.password }],
      ['DELETE', '/ui/session', undefined],
    ];
    const credentials: readonly Headers[] = [{ Cookie: session.cookie, 'X-Shoal-Session': session.token }, gateway.authorization()];
    const seen: string[] = [];
    for (const [name, headersOf] of FOREIGN) {
      for (const [method, path, body] of changes) {
        for (const own of credentials) {
          const { status, headers } = await send(method, path, { ...own, ...headersOf(host) }, body);
          if (status !== 403 || headers['set-cookie']) seen.push(`${method} ${path} from ${name}: ${status}`);
        }
      }
    }
    expect(seen).toEqual([]);
    expect(await isIn(session)).toBe(true);
    expect((await send('GET', '/system/functions', gateway.authorization())).text).toBe('[]');
    for (const headersOf of OURS) expect((await send('POST', '/system/alert', { ...credentials[0], ...headersOf(host) }, { alerts: [] })).status).toBe(200);
    faultRow({ area: 'access', done: `requests that pages of other sites have the owner's browser send, ${title}`, times: `${FOREIGN.length} kinds of senders, ${changes.length} changes`, lost: 'nothing', seen: '403' });
  });

  it('read nothing for pages of others: there is no CORS', async () => {
    const session = await signIn();
    for (const path of ['/system/functions', '/system/info', '/ui/', '/ui/session', '/docs', '/openapi.json', '/healthz', '/system/events', '/nothing']) {
      for (const method of ['OPTIONS', 'HEAD', 'GET']) {
        const { status, headers } = await send(method, path, { Cookie: session.cookie, Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization, x-shoal-session' });
        expect({ path, cors: Object.keys(headers).filter((name) => name.startsWith('access-control-')) }).toEqual({ path, cors: [] });
        if (method === 'OPTIONS') expect(status).toBeGreaterThanOrEqual(400);
      }
    }
  });

  it('take over no session that somebody has planted, and keep none that has ended', async () => {
    const planted = await signIn();
    // The attacker has a session, and has the victim's browser use its cookie.
    const victim = await signIn({ Cookie: planted.cookie });
    expect(victim.cookie).not.toBe(planted.cookie);
    expect(victim.token).not.toBe(planted.token);
    expect(await isIn(planted)).toBe(false);
    expect(await isIn({ cookie: planted.cookie, token: victim.token })).toBe(false);
    expect(await isIn({ cookie: victim.cookie, token: planted.token })).toBe(false);
    // A second cookie of the same name, before or behind: the session is whose cookie and token fit.
    for (const cookie of [`${planted.cookie}; ${victim.cookie}`, `${victim.cookie}; ${planted.cookie}`, `shoal_session="${victim.cookie.split('=')[1]!}"`]) expect(await isIn({ cookie, token: victim.token })).toBe(true);
    const flooding = Array.from({ length: 8 }, (_, i) => `shoal_session=${String(i).repeat(43)}`).join('; ');
    expect(await isIn({ cookie: flooding, token: victim.token })).toBe(false);

    await send('DELETE', '/ui/session', { Cookie: victim.cookie, 'X-Shoal-Session': victim.token });
    expect(await isIn(victim)).toBe(false);
    const [kept, gone] = [await signIn(), await signIn()];
    await send('DELETE', '/ui/session', { Cookie: gone.cookie, 'X-Shoal-Session': gone.token });
    expect([await isIn(kept), await isIn(gone)]).toEqual([true, false]);
  });

  it('get cookies that no script reads and no other site sends, and that TLS keeps to itself', async () => {
    const plain = await signIn();
    expect(plain.cookies).toEqual([
      expect.stringMatching(/^shoal_session=[\w-]{43}; Path=\/; HttpOnly; Max-Age=43200; SameSite=Strict$/),
      // Nothing is permitted by this one.
      expect.stringMatching(/^shoal_session_mark=1; Path=\/; HttpOnly; Max-Age=43200$/),
    ]);
    const secure = await signIn({ 'X-Forwarded-Proto': 'https' });
    expect(secure.cookies).toEqual([expect.stringMatching(/; SameSite=Strict; Secure$/), expect.stringMatching(/; SameSite=None; Secure$/)]);
    // A domain would let sites below ours have it.
    for (const cookie of [...plain.cookies, ...secure.cookies]) expect(cookie).not.toMatch(/domain=/i);
  });

  it('show no page of ours in a frame, run nothing on one but our own files, and keep none', async () => {
    const session = await signIn();
    const pages: readonly (readonly [string, Headers])[] = ['/ui/', '/ui/index.html', '/docs', '/docs/', '/ui', '/ui/nothing', '/docs/nothing', '/ui/%00', '/docs/..%2fpackage.json'].flatMap((path) => [
      [path, HTML] as const,
      [path, { ...HTML, Cookie: session.cookie }] as const,
      [path, { ...HTML, ...gateway.authorization() }] as const,
    ]);
    let html = 0;
    for (const [path, headers] of pages) {
      const answer = await send('GET', path, headers);
      const what = { path, status: answer.status };
      expect({ ...what, headers: answer.headers }).toMatchObject({
        ...what,
        headers: {
          'x-frame-options': 'DENY',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-opener-policy': 'same-origin',
          'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self';(?!.*(unsafe|\*|http)).*base-uri 'none'; frame-ancestors 'none'/),
        },
      });
      if (!answer.headers['content-type']?.includes('html')) continue;
      html++;
      expect({ ...what, cache: answer.headers['cache-control'] }).toEqual({ ...what, cache: 'no-store' });
      expect(answer.text).not.toMatch(/<script(?![^>]* src=)|\son\w+=|javascript:/i);
    }
    expect(html).toBeGreaterThan(5);
  });

  it('take no answer of the API for a page', async () => {
    const payload = '<script>alert(1)</script>';
    const path = encodeURIComponent(payload);
    for (const target of [`/system/function/${path}`, `/system/logs?name=${path}`, `/system/functions?namespace=${path}`, `/system/namespace/${path}`, `/${path}`, `/ui/${path}`, `/docs/${path}`, `/async-function/calls/${path}`, `/function/${path}`, `/system/queue?state=${path}&function=${path}`, `/${payload}`, `/system/${payload}?${payload}`]) {
      for (const accept of ['text/html', '*/*', 'application/problem+json']) {
        const { headers, text, status } = await send('GET', target.replaceAll(' ', '%20'), { ...gateway.authorization(), Accept: accept });
        expect({ target, html: headers['content-type']?.includes('html') && text.includes('<script>alert') }).not.toMatchObject({ html: true });
        if (text !== '') expect({ target, status, nosniff: headers['x-content-type-options'] ?? (headers['content-type']?.includes('json') ? 'nosniff' : undefined) }).toMatchObject({ nosniff: 'nosniff' });
      }
    }
  });

  it('are led to no other site', async () => {
    let led = 0;
    for (const target of ['//evil.example', '//evil.example/..', '/\\evil.example/..', '/.//evil.example', '/./\\evil.example', '/ui?next=//evil.example', '/ui//evil.example', '/ui/..//evil.example', '///evil.example', '/%2f/evil.example', '/x/..//evil.example/', '/docs//evil.example', '/\t/evil.example/..'.replace('\t', '%09')]) {
      for (const headers of [{ ...HTML }, { ...HTML, ...gateway.authorization() }] as Headers[]) {
        const { headers: answered } = await send('GET', target, headers);
        if (answered.location === undefined) continue;
        led++;
        expect({ target, to: new URL(answered.location, gateway.url).host }).toEqual({ target, to: host });
      }
    }
    expect(led).toBeGreaterThan(0);
  });
});
