import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, howMany } from './fault-table';
import { echoIn, echoing, RawUpstream } from './raw-upstream';
import { headerOf, type SeenAnswer } from './strict-answers';
import { strictRequests, type SeenRequest } from './strict-requests';
import { talk } from './talk';

jest.setTimeout(300_000);

const MARK = 'x-injected';
/** What becomes an end of line where somebody decodes, cuts off high bytes, or takes half of one for a whole one. */
const ENDS = ['\r\n', '\n', '\r', '\r\r\n', '\n\r', '%0d%0a', '%0D%0A', '%0a', '%250d%250a', '%%0d0d%%0a0a', '%u000d%u000a', '%E5%98%8A%E5%98%8D', '\u010d\u010a', '\u560d\u560a', '\u2028', '\x0b', '\x0c', '\x85', '\0', '\\r\\n', '&#13;&#10;', '=?x?q?=0D=0A?='];
const bytesOf = (text: string) => Buffer.from(text).toString('latin1');
const VALUES = ENDS.flatMap((end) => [`fn${bytesOf(end)}X-Injected: yes`, `fn${bytesOf(end)}${bytesOf(end)}HTTP/1.1 200 OK${bytesOf(end)}X-Injected: yes${bytesOf(end + end)}`]);
VALUES.push('"><script>alert(1)</script>', `fn${'b'.repeat(70_000)}`, '../../../../etc/passwd', '${jndi:ldap://x}', '{{7*7}}', "'; DROP TABLE x", '');

const HEADERS = [
  ...['X-Call-Id', 'X-Callback-Url', 'X-Function', 'traceparent', 'tracestate', 'Host', 'X-Forwarded-Host', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Start-Time', 'X-Timeout', 'Idempotency-Key'],
  ...['Content-Type', 'Accept', 'Cookie', 'Origin', 'Referer', 'Connection', 'Upgrade', 'TE', 'Trailer', 'Via', 'Range', 'If-None-Match', 'Authorization', 'X-Shoal-Peer', 'X-Shoal-Session', 'X-Shoal-Error', 'X-Shoal-Answered-By', 'X-Retry-Attempt', 'Proxy', 'Last-Event-ID'],
];

interface Case {
  readonly title: string;
  readonly text: string;
}

/** The short form has every so manieth: not a divisor of how many places there are for a value. */
const PART = 61;

function casesFor(paths: readonly string[], method: string): Case[] {
  const cases: Case[] = [];
  for (const value of VALUES) {
    const shown = JSON.stringify(value.slice(0, 60));
    for (const name of HEADERS) {
      const host = name === 'Host' ? '' : 'Host: x\r\n';
      cases.push({ title: `${name} of ${shown}`, text: `${method} ${paths[0]} HTTP/1.1\r\n${host}${name}: ${value}\r\nContent-Length: 0\r\n\r\n` });
    }
    for (const path of paths) {
      for (const place of ['/', '?', '', '#', ';']) cases.push({ title: `a target of ${path}${place} and ${shown}`, text: `${method} ${path}${place}${value.replaceAll(' ', '%20')} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n` });
    }
    cases.push({ title: `a target of ${shown} alone`, text: `${method} /${value} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n` });
    cases.push({ title: `a method of ${shown}`, text: `${value} ${paths[0]} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n` });
    cases.push({ title: `an absolute target of ${shown}`, text: `${method} http://${value}${paths[0]} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n` });
    cases.push({ title: `a header's name of ${shown}`, text: `${method} ${paths[0]} HTTP/1.1\r\nHost: x\r\nX-${value}: yes\r\nContent-Length: 0\r\n\r\n` });
  }
  const step = howMany({ short: PART, long: 1 });
  return cases.filter((_, i) => i % step === 0);
}

describe.each([1, 2])('a gateway of %i process(es)', (workers) => {
  let gateway: GatewayProcess;
  let upstream: RawUpstream;
  let receiver: RawUpstream;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_WORKERS: String(workers), SHOAL_CALLBACK_ALLOW: '127.0.0.1' });
    upstream = await RawUpstream.start();
    receiver = await RawUpstream.start((side) => ({ request: () => side.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n') }));
    await upstream.deploy(gateway, 'fn');
  });
  afterAll(async () => {
    await gateway.dispose();
    for (const one of [upstream, receiver]) one.stop();
  });
  beforeEach(() => upstream.forget());

  /** What every answer has to be, whatever was asked. */
  function checkAnswer(at: object, answer: SeenAnswer): void {
    const names = answer.headers.map(([name]) => name);
    const [callIds, locations] = ['x-call-id', 'location'].map((wanted) => answer.headers.filter(([name]) => name === wanted).map(([, value]) => value));
    expect({ ...at, injected: names.includes(MARK) }).toEqual({ ...at, injected: false });
    for (const id of callIds!) expect(id).toMatch(/^[\w.:-]{1,128}$/);
    expect(callIds!.length).toBeLessThanOrEqual(1);
    // Nowhere but to this gateway: a path, and no host in it.
    for (const location of locations!) expect({ ...at, location }).toEqual({ ...at, location: expect.stringMatching(/^\/(?![/\\])[\x21-\x7e]*$/) });
    if (headerOf(answer, 'x-shoal-error') !== undefined) expect({ ...at, ofJson: [headerOf(answer, 'content-type'), typeof JSON.parse(answer.body)] }).toEqual({ ...at, ofJson: ['application/json', 'object'] });
    expect(headerOf(answer, 'content-type') ?? '').not.toContain('injected');
  }

  it.each([
    ['a function', ['/function/fn', '/function/fn.openfaas-fn/a', '/function/'], 'POST'],
    ['the queue', ['/async-function/fn', '/async-function/calls/x', '/async-function/'], 'POST'],
    ['what is said of queued calls', ['/async-function/calls/x', '/async-function/calls'], 'GET'],
    ['the root', ['/'], 'POST'],
    ['the control plane', ['/system/function/fn', '/system/functions', '/system/namespace/x', '/system/logs?name=fn&x', '/ui', '/docs', '/openapi.json', '/nope', '/healthz'], 'GET'],
    ['what changes the control plane', ['/system/scale-function/fn', '/system/namespace/x', '/system/alert'], 'POST'],
  ])('puts no line into a head for who calls %s', async (title, paths, method) => {
    const cases = casesFor(paths, method);
    let refused = 0;
    await inTurns(cases, async ({ title: what, text }) => {
      const talked = await talk(gateway.port, [text]);
      const at = { what, text: text.slice(0, 300), received: talked.received.slice(0, 600) };
      expect({ ...at, doubt: talked.doubt }).toEqual({ ...at, doubt: undefined });
      const { requests, doubt } = strictRequests(text);
      expect({ ...at, answers: talked.answers.length }).toEqual({ ...at, answers: requests.length + (doubt === undefined ? 0 : 1) });
      for (const [i, answer] of talked.answers.entries()) {
        checkAnswer(at, answer);
        if (answer.status >= 400) refused++;
        // Who says a header of that name has said it; nobody else.
        const echo = echoIn(answer);
        if (echo) expect({ ...at, injected: namesIn(echo) }).toEqual({ ...at, injected: namesIn(requests[i]!) });
      }
      for (const answer of talked.answers) expect({ ...at, status: answer.status < 500 || answer.status === 501 || answer.status === 505 }).toEqual({ ...at, status: true });
    });
    expect(upstream.doubts).toEqual([]);
    for (const request of upstream.requests) checkRequest(request);
    faultRow({ area: 'protocol', done: `ends of lines, raw, encoded or cut short, in every header, target and method; to ${title}; ${workers} process(es)`, times: `${cases.length} requests`, lost: 'nothing', seen: `no line more in any head; ${refused} refused, ${upstream.requests.length} reached the function` });
  });

  it('puts no line into the head of a callback, whatever its URL and the answer', async () => {
    const accepted: string[] = [];
    upstream.play = (side) => ({
      request: () => side.write('HTTP/1.1 200 \xe4\xff\r\nContent-Length: 2\r\nX-Call-Id: evil\r\nX-Function-Name: evil\r\nX-Function-Status: 599\r\nHost: evil\r\nAuthorization: evil\r\nConnection: X-Duration-Seconds\r\nX-A: b%0d%0aX-Injected: yes\xff\r\nX-B: \t\r\n\r\nok'),
    });
    const places = [(text: string) => `/${text}`, (text: string) => `/?${text}`, (text: string) => `/#${text}`, (text: string) => `\\${text}`];
    const all = VALUES.filter((_, i) => howMany({ short: i % 3, long: 0 }) === 0).flatMap((value) => [...places.map((place) => `http://127.0.0.1:${receiver.port}${place(value)}`), `http://${value}@127.0.0.1:${receiver.port}/`, `http://u:${value}@127.0.0.1:${receiver.port}/`]);
    // What begins a line of its own is another header; what leads to another host is somebody else's.
    const urls = all.filter((url) => !/[\r\n]/.test(url) && URL.canParse(url) && new URL(url).port === String(receiver.port));
    await inTurns(urls, async (url) => {
      const { answers } = await talk(gateway.port, [`POST /async-function/fn HTTP/1.1\r\nHost: x\r\nX-Callback-Url: ${url}\r\n\r\n`]);
      for (const answer of answers) checkAnswer({ url }, answer);
      for (const answer of answers) expect([202, 400]).toContain(answer.status);
      for (const answer of answers) if (answer.status === 202) accepted.push(headerOf(answer, 'x-call-id')!);
    });
    await gateway.until(() => receiver.requests.length >= accepted.length);
    upstream.play = echoing;
    expect(receiver.doubts).toEqual([]);
    const told = receiver.requests.map(({ method, headers }) => [method, ...['x-call-id', 'x-function-name', 'x-function-status', 'host', MARK].map((wanted) => headers.filter(([name]) => name === wanted).map(([, value]) => value).join())].join(' '));
    expect(told.sort()).toEqual(accepted.map((id) => `POST ${id} fn 200 127.0.0.1:${receiver.port} `).sort());
    expect(accepted.length).toBeGreaterThan(20);
    receiver.forget();
    faultRow({ area: 'protocol', done: `the same in callbacks' URLs, and headers of the platform's own in functions' answers; ${workers} process(es)`, times: `${urls.length} calls`, lost: 'nothing', seen: `${accepted.length} callbacks, each with what the platform says, once; the others were refused with 400` });
  });

  it('makes nothing of that name', async () => {
    for (const value of VALUES.filter((_, i) => howMany({ short: i % 3, long: 0 }) === 0)) {
      for (const [method, path, body] of [
        ['POST', '/system/functions', { service: value, image: 'x', envProcess: 'cat' }],
        ['POST', '/system/functions', { service: 'x', namespace: value || '\r', image: 'x', envProcess: 'cat' }],
        ['POST', '/system/secrets', { name: value, value: 'x' }],
        ['POST', `/system/namespace/${encodeURIComponent(value || '\r')}`, { name: value }],
      ] as const) {
        const { status, headers } = await ask(gateway.url, method, path, { body });
        expect({ method, path, body, status, injected: headers[MARK] }).toEqual({ method, path, body, status: path.length > 1_000 ? 414 : 400, injected: undefined });
      }
    }
  });

  /** What the platform says of a call is said once, whatever the caller said. */
  function checkRequest({ headers, target }: SeenRequest): void {
    const valuesOf = (wanted: string) => headers.filter(([name]) => name === wanted).map(([, value]) => value);
    const own = Object.fromEntries(['host', 'x-call-id', 'x-start-time', 'x-timeout'].map((name) => [name, valuesOf(name)]));
    const text = (pattern: RegExp) => [expect.stringMatching(pattern) as string];
    expect({ target, ...own }).toEqual({ target, host: text(/^127\.0\.0\.1:\d+$/), 'x-call-id': text(/^[\w.:-]{1,128}$/), 'x-start-time': text(/^\d{19}$/), 'x-timeout': text(/^\d+ms$/) });
    for (const name of ['x-shoal-peer', 'x-shoal-scheme', 'x-shoal-session', 'connection', 'upgrade', 'te', 'trailer', 'proxy-authorization']) expect({ target, name, values: valuesOf(name) }).toEqual({ target, name, values: [] });
  }

  async function inTurns<T>(cases: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
    const queue = [...cases];
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) await run(one);
    }));
  }
});

const namesIn = ({ headers }: SeenRequest) => headers.filter(([name]) => name.includes(MARK));
