import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPrograms } from '../describe-with';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, howMany } from './fault-table';
import { basic, inParallel, rawRequest, type RawAnswer, type RawRequest } from './raw-request';

jest.setTimeout(180_000);

const USER = 'owner';
const PASSWORD = 'corr€ct:horse';
const RIGHT = basic(`${USER}:${PASSWORD}`);
const UNKNOWN_ID = '0'.repeat(32);
/** Is in the answers of routes that were reached, and nowhere else. */
const MARKER = 'reached-the-function-list';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'];

/**
 * What answers without the password, and how; the first that fits counts. Everything that is not here asks for it: a new route
 * that is open has to be written down here, or the suite fails.
 */
const OPEN: readonly { readonly methods: readonly string[]; readonly path: RegExp; readonly statuses: readonly number[] }[] = [
  { methods: ['GET', 'HEAD'], path: /^\/(healthz|readyz)$/, statuses: [200] },
  { methods: ['GET', 'HEAD'], path: /^\/$/, statuses: [301] },
  { methods: ['GET', 'HEAD'], path: /^\/ui\/(assets\/[\w-]+\.\w+|[\w-]+\.(svg|png|ico|webmanifest))$/, statuses: [200] },
  // A call whose id nobody can guess. It is none of ours; with another method it is no call at all.
  { methods: ['GET', 'HEAD', 'DELETE'], path: /^\/async-function\/calls\/[0-9a-f]{32}$/, statuses: [404] },
  { methods: ['GET', 'HEAD'], path: /^\/async-function\/calls\/[0-9a-f]{32}\/result$/, statuses: [404] },
  { methods: ['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'], path: /^\/async-function\/calls\/[^/]+$/, statuses: [405] },
  { methods: ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'], path: /^\/async-function\/calls\/[^/]+\/result$/, statuses: [405] },
  // Signing in, which is without a body here, and signing out from no session. Others do not exist.
  { methods: ['POST'], path: /^\/ui\/session$/, statuses: [400] },
  { methods: ['DELETE'], path: /^\/ui\/session$/, statuses: [204] },
  { methods: ['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'], path: /^\/ui\/session$/, statuses: [400, 404, 405] },
  // Calls; there is no such function. A call id in the place of a name is guarded above.
  { methods: ['POST'], path: /^\/$/, statuses: [400] },
  { methods: METHODS, path: /^\/function\//, statuses: [404] },
  { methods: ['POST'], path: /^\/async-function\/calls\//, statuses: [404] },
  { methods: METHODS, path: /^\/async-function\/(?!calls\/)/, statuses: [404] },
];

const statusesOf = (method: string, path: string): readonly number[] => OPEN.find((one) => one.methods.includes(method) && one.path.test(path))?.statuses ?? [401];

/** Lines that are no credentials of this gateway, by what is wrong with them; the second kind is checked, and slow on purpose. */
function wrongCredentials(others: { readonly cookie: string; readonly token: string; readonly password: string }): readonly { readonly name: string; readonly lines: readonly string[]; readonly isChecked?: true; readonly statuses?: readonly number[] }[] {
  const encoded = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
  const session = (id: string, token?: string) => [`Cookie: shoal_session=${id}`, ...(token === undefined ? [] : [`X-Shoal-Session: ${token}`])];
  const forged = 'A'.repeat(43);
  return [
    { name: 'none', lines: [] },
    { name: 'an empty header', lines: ['Authorization:'] },
    { name: 'a scheme alone', lines: ['Authorization: Basic'] },
    { name: 'an empty text', lines: ['Authorization: Basic '] },
    { name: 'no colon', lines: [basic(USER)] },
    { name: 'no base64', lines: ['Authorization: Basic !!!!'] },
    { name: 'base64 with a space within', lines: [`Authorization: Basic ${encoded.slice(0, 8)} ${encoded.slice(8)}`] },
    { name: 'no scheme', lines: [`Authorization: ${encoded}`] },
    { name: 'plain text', lines: ['Authorization: Basic owner:password'] },
    { name: 'Bearer', lines: [`Authorization: Bearer ${encoded}`] },
    { name: 'Digest', lines: ['Authorization: Digest username="owner", realm="Restricted", nonce="", uri="/", response=""'] },
    { name: 'Negotiate', lines: [`Authorization: Negotiate ${encoded}`] },
    { name: 'a scheme with something behind', lines: [`Authorization: Basically ${encoded}`] },
    { name: 'two in one header', lines: [`Authorization: Basic ${encoded}, Basic ${encoded}`] },
    { name: 'bytes beyond ASCII', lines: ['Authorization: Basic \xe4\xff\x80'] },
    { name: 'a NUL', lines: [`Authorization: Basic ${encoded}\0`], statuses: [400] },
    { name: 'a folded line', lines: ['Authorization: Basic', ` ${encoded}`], statuses: [400] },
    { name: 'two headers, the second right', lines: [basic(`${USER}:x`), RIGHT], statuses: [400] },
    { name: 'two headers, the first right', lines: [RIGHT, basic(`${USER}:x`)], statuses: [400] },
    { name: '64 KB', lines: [basic(`${USER}:${'x'.repeat(48 * 1024)}`)], isChecked: true },
    { name: '2 MB', lines: [basic(`${USER}:${'x'.repeat(1_500_000)}`)], statuses: [431] },
    { name: "a proxy's header", lines: [`Proxy-${RIGHT}`] },
    { name: 'headers of other names', lines: [`X-${RIGHT}`, `X-Forwarded-${RIGHT}`, `X-Forwarded-User: ${USER}`, `X-Remote-User: ${USER}`, 'X-Shoal-Peer: 127.0.0.1 1', 'X-Shoal-Scheme: https', 'X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1', 'Forwarded: for=127.0.0.1'] },
    { name: 'cookies of other names', lines: [`Cookie: Authorization=Basic ${encoded}; session=${forged}; shoal_session_mark=1`] },
    { name: 'a cookie without a token', lines: session(forged) },
    { name: 'a forged session', lines: session(forged, forged) },
    { name: 'an empty session', lines: session('', '') },
    { name: 'a token without a cookie', lines: [`X-Shoal-Session: ${others.token}`] },
    { name: 'the session of another gateway', lines: [`Cookie: ${others.cookie}`, `X-Shoal-Session: ${others.token}`] },
    { name: 'a wrong password', lines: [basic(`${USER}:wrong`)], isChecked: true },
    { name: 'an empty password', lines: [basic(`${USER}:`)], isChecked: true },
    { name: 'an empty user', lines: [basic(`:${PASSWORD}`)], isChecked: true },
    { name: 'another user', lines: [basic(`admin:${PASSWORD}`)], isChecked: true },
    { name: 'the user in capitals', lines: [basic(`OWNER:${PASSWORD}`)], isChecked: true },
    { name: 'the password and a space', lines: [basic(`${USER}:${PASSWORD} `)], isChecked: true },
    { name: 'the password and a NUL', lines: [basic(`${USER}:${PASSWORD}\0`)], isChecked: true },
    { name: 'the password up to its colon', lines: [basic(`${USER}:${PASSWORD.split(':')[0]}`)], isChecked: true },
    { name: 'the password in Latin-1', lines: [`Authorization: Basic ${Buffer.from(`${USER}:${PASSWORD}`, 'latin1').toString('base64')}`], isChecked: true },
    { name: 'the password of another gateway', lines: [basic(`admin:${others.password}`)], isChecked: true },
  ];
}

/** Ways to write or to send a target that could pass the check and reach a route all the same. */
const TRICKS: readonly { readonly target: string; readonly method?: string; readonly lines?: readonly string[] }[] = [
  ...['/system/functions', '/system/info'].flatMap((path) => [
    `/${path}`, `//${path}`, `/.${path}`, `/./.${path}`, `/x/..${path}`, `/%2e${path}`, `/%2e%2e${path}`, `/x/%2e%2e${path}`, `/healthz/..${path}`, `/healthz/%2e%2e${path}`, `/healthz%2f..${path}`,
    `/healthz/..;${path}`, `/healthz;${path}`, `/healthz?${path}`, `/healthz#${path}`, `/healthz%3f${path}`, `/healthz%23${path}`, `/healthz%00${path}`, `/healthz\\..${path.replaceAll('/', '\\')}`,
    `/ui/assets/..%2f..${path}`, `/ui/assets/../..${path}`, `/ui/assets/%2e%2e/%2e%2e${path}`, `/ui/assets/..\\..${path}`, `/ui/session/..${path}`, `/ui/session?/..${path}`, `/ui/x.svg/../..${path}`, `/ui/..%5c${path}`,
    `/async-function/calls/..${path}`, `/async-function/calls/../..${path}`, `/async-function/calls/%2e%2e/%2e%2e${path}`, `/async-function/calls/..%2f..${path}`, `/async-function/calls//${path}`, `/async-function/calls/x/../../..${path}`,
    `/function/..${path}`, `/function/x/../..${path}`, `/function/%2e%2e${path}`, `/function//..${path}`, `/function/x/%2e%2e/%2e%2e${path}`, `/function${path}`, `/async-function${path}`,
    path.replace('system', 'System'), path.toUpperCase(), path.replace('/system', '/%73ystem'), path.replace('system/', 'system%2f'), path.replace('/s', '/%2573'), path.replace('system', 's\u0079stem'), `${path}/`, `${path}//`, `${path}.`, `${path}..`, `${path}/.`, `${path}/..;/`,
    `${path};x`, `${path};/healthz`, `${path}%20`, `${path}%00`, `${path}%09`, `${path}?/healthz`, `${path}#/healthz`, `${path}.json`, `${path}.svg`, `${path}/x.svg`, `${path}?x=/ui/assets/`, `${path}%3f`, `${path}%23`,
    path.slice(1), `\\${path.slice(1)}`, `http://localhost${path}`, `HTTP://localhost${path}`, `http:${path}`, `http:/${path}`, `http:///healthz${path}`, `http://healthz${path}`, `http://x/healthz/..${path}`, `https://owner:password@localhost${path}`, `//localhost${path}`, `*${path}`, `@localhost${path}`,
  ].map((target) => ({ target }))), // prettier-ignore
  ...['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Path', 'X-Forwarded-Prefix', 'X-Forwarded-Uri', 'X-Original-Uri', 'X-Accel-Redirect', 'Destination', 'Content-Location', 'Location', 'Referer'].map((name) => ({ target: '/healthz', lines: [`${name}: /system/functions`] })),
  ...['X-Forwarded-For', 'X-Real-IP', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Forwarded-Host', 'X-Forwarded-Server', 'X-Shoal-Peer', 'X-Custom-IP-Authorization'].map((name) => ({ target: '/system/functions', lines: [`${name}: 127.0.0.1`] })),
  ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].flatMap((name) => [
    { target: '/healthz', method: 'POST', lines: [`${name}: GET`] },
    { target: `/system/functions`, method: 'HEAD', lines: [`${name}: GET`] },
    { target: '/system/functions', method: 'OPTIONS', lines: [`${name}: GET`, 'Access-Control-Request-Method: GET', 'Origin: http://evil.example'] },
  ]),
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'get', 'Get', 'CONNECT', 'FOO', 'GETT'].map((method) => ({ target: '/system/functions', method })),
  { target: '*', method: 'OPTIONS' },
  { target: '/system/functions', lines: ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='] },
  { target: '/system/functions', lines: ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'] },
  { target: '/system/functions', lines: ['Connection: Authorization', 'Host: healthz'] },
];

let nextAddress = 0;
/** An address that has failed with nothing yet. */
const freshAddress = () => `127.${40 + (nextAddress >> 16)}.${(nextAddress >> 8) & 0xff}.${1 + (nextAddress++ % 254)}`;

/** Every operation that the gateway describes, and what it serves besides; names are filled in with what is not there. */
async function allRoutes(gateway: GatewayProcess): Promise<readonly string[]> {
  const description = await rawRequest(gateway.url, { method: 'GET', target: '/openapi.json', lines: [RIGHT] });
  const { paths } = JSON.parse(description.body) as { paths: Record<string, object> };
  const described = Object.keys(paths).flatMap((path) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'id' ? UNKNOWN_ID : 'nobody'));
    return path.startsWith('/async-function/calls/') ? [filled, filled.replace(UNKNOWN_ID, 'chosen-by-its-caller')] : [filled];
  });
  expect(described.length).toBeGreaterThan(25);
  const assets = readdirSync(join(__dirname, '../../dist/portal/assets')).filter((name) => /\.(js|css)$/.test(name)).map((name) => `/ui/assets/${name}`);
  const pages = ['/ui', '/ui/', '/ui/index.html', '/ui/favicon.svg', '/docs', '/docs/', '/docs/shoal.js', '/docs/shoal.css', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/openapi.json'];
  const none = ['/metrics', '/system', '/system/', '/system/nothing', '/nothing', '/ui/nothing', '/docs/nothing', '/debug/pprof', '/.env', '/admin.json', '/ui/session/', '/ui/sessions', '/healthz/', '/healthz/x', '/docs-json', '/docs-yaml', '/openapi.yaml', '/api', '/swagger', '/robots.txt'];
  return [...new Set([...described, ...assets.slice(0, 2), ...pages, ...none])];
}

function describeAccess(title: string, startEnv: (folder: string) => Record<string, string>, isSlow: boolean): void {
  describe(title, () => {
    let gateway: GatewayProcess;
    let other: GatewayProcess;
    let routes: readonly string[];
    let wrong: ReturnType<typeof wrongCredentials>;
    const folder = mkdtempSync(join(tmpdir(), 'shoal-access-'));
    const send = (request: RawRequest) => rawRequest(gateway.url, request);

    beforeAll(async () => {
      writeFileSync(join(folder, 'basic-auth-user'), USER);
      writeFileSync(join(folder, 'basic-auth-password'), `${PASSWORD}\n`);
      [gateway, other] = await Promise.all([
        GatewayProcess.start({ basic_auth: 'true', secret_mount_path: folder, ...startEnv(folder) }),
        GatewayProcess.start({ basic_auth: 'true' }),
      ]);
      expect((await send({ method: 'POST', target: '/system/functions', lines: [RIGHT], body: JSON.stringify({ service: MARKER, image: 'x', envProcess: 'cat' }) })).status).toBe(202);
      routes = await allRoutes(gateway);
      const signedIn = await fetch(`${other.url}/ui/session`, { method: 'POST', body: JSON.stringify({ user: 'admin', password: other.password }) });
      wrong = wrongCredentials({ cookie: signedIn.headers.getSetCookie()[0]!.split(';')[0]!, token: ((await signedIn.json()) as { token: string }).token, password: other.password });
    });
    afterAll(async () => {
      await Promise.all([gateway.dispose(), other.dispose()]);
      rmSync(folder, { recursive: true });
    });

    it('every route asks for the password, whatever the method, but those that are meant to be open', async () => {
      const cases = routes.flatMap((target) => METHODS.map((method) => ({ method, target })));
      const seen: string[] = [];
      await inParallel(cases, 8, async ({ method, target }) => {
        const { status } = await send({ method, target });
        const expected = statusesOf(method, target);
        if (!expected.includes(status)) seen.push(`${method} ${target}: ${status} and not ${expected.join(' or ')}`);
      });
      expect(seen).toEqual([]);
      faultRow({ area: 'access', done: `every route and method without credentials, ${title}`, times: `${cases.length} requests`, lost: 'nothing', seen: '401, but for the table of what is open' });
    });

    it('no credentials count that are not quite right, on no route', async () => {
      const guarded = routes.filter((path) => statusesOf('GET', path)[0] === 401);
      expect(guarded.length).toBeGreaterThan(20);
      // In the short form those that take their time are tried on some routes each: all are, by one or another.
      const some = howMany({ short: 6, long: guarded.length });
      const cases = wrong.flatMap((one, i) => guarded.filter((_, j) => (!one.isChecked && !isSlow) || (j + i * some) % guarded.length < some).map((target) => ({ ...one, target })));
      const seen: string[] = [];
      await inParallel(cases, 16, async ({ name, lines, target, isChecked, statuses = [401] }) => {
        const { status, body } = await send({ method: 'GET', target, lines, ...(isChecked ? { from: freshAddress() } : {}) });
        if (!statuses.includes(status) || body.includes(MARKER)) seen.push(`${target} with ${name}: ${status} and not ${statuses.join(' or ')}`);
      });
      expect(seen).toEqual([]);
      faultRow({ area: 'access', done: `${wrong.length} kinds of credentials that are wrong or malformed, ${title}`, times: `${cases.length} requests`, lost: 'nothing', seen: '401; 400 or 431 where it is no HTTP' });
    });

    it('takes the right ones, with a scheme in any case', async () => {
      for (const line of [RIGHT, RIGHT.replace('Basic', 'basic'), RIGHT.replace('Basic', 'BASIC'), RIGHT.replace('Basic ', 'Basic   ')]) {
        expect((await send({ method: 'GET', target: '/system/functions', lines: [line] })).body).toContain(MARKER);
      }
    });

    it('no way to write a target, and no header, leads past the check', async () => {
      const leads = async (request: RawRequest, hops = 3): Promise<RawAnswer> => {
        const answer = await send(request);
        const { location } = answer.headers;
        return location === undefined || hops === 0 ? answer : leads({ ...request, target: location }, hops - 1);
      };
      const seen: string[] = [];
      await inParallel(TRICKS, 8, async ({ target, method = 'GET', lines = [] }) => {
        const { status, body } = await leads({ method, target, lines });
        const harmless = status >= 400 && status < 500;
        const isHealth = /^\/healthz($|[?#])/.test(target) && status === 200 && /^(2\r\n)?OK/.test(body);
        if (body.includes(MARKER) || body.includes('provider') || !(harmless || isHealth)) seen.push(`${method} ${target} ${lines.join(' ')}: ${status} ${body.slice(0, 80)}`);
      });
      expect(seen).toEqual([]);

      // The same, in order to change something.
      await inParallel(TRICKS, 8, async ({ target, lines = [] }) => void (await send({ method: 'DELETE', target, lines, body: JSON.stringify({ functionName: MARKER }) })));
      expect((await send({ method: 'GET', target: '/system/functions', lines: [RIGHT] })).body).toContain(MARKER);
      faultRow({ area: 'access', done: `targets and headers that could lead past the check, ${title}`, times: `${TRICKS.length} ways, reading and deleting`, lost: 'nothing', seen: '4xx' });
    });

    it('the listener for metrics serves them, and nothing of the control plane', async () => {
      const base = new URL(gateway.metricsUrl).origin;
      for (const target of [...routes, ...TRICKS.map(({ target }) => target)]) {
        if (/^\/(metrics|healthz)([?#]|$)/.test(target)) continue;
        for (const lines of [[], [RIGHT]]) {
          const { status, body } = await rawRequest(base, { method: 'GET', target, lines });
          expect({ target, status: [400, 404].includes(status) ? 'none' : status, body: body.includes(MARKER) }).toEqual({ target, status: 'none', body: false });
        }
      }
      for (const method of METHODS.filter((one) => one !== 'GET')) expect((await rawRequest(base, { method, target: '/metrics' })).status).toBe(405);
      expect((await rawRequest(base, { method: 'GET', target: '/metrics' })).status).toBe(200);
    });

    it('nothing of all that took anything from the gateway', async () => {
      expect((await send({ method: 'GET', target: '/healthz' })).status).toBe(200);
      expect(gateway.output).not.toMatch(/unhandled|uncaught|TypeError|failed:/i);
    });
  });
}

describeAccess('on one process', () => ({}), false);

describeWithPrograms('with TLS', ['openssl'], 'openssl', () => {
  describeAccess('through two workers and TLS', (folder) => {
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=shoal', '-keyout', key, '-out', certificate], { stdio: 'pipe' });
    return { SHOAL_WORKERS: '2', SHOAL_TLS_CERT: certificate, SHOAL_TLS_KEY: key };
  }, true);
});
