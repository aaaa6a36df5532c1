import { nonsense, nonsenseText } from './nonsense';
import type { Random } from '../random';
import { valueOf, type Schema } from './schema-value';
import { annotations, scalingLabels } from './spec-words';
import { bytesOf, spoilValue } from './spoil';

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly body: Schema | undefined;
  /** Statuses that the description has. */
  readonly statuses: readonly number[];
}

/** What the gateway has, for requests to name. */
export interface World {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly user: string;
  readonly password: string;
  /** Of calls: some that are waiting, some that have failed for good. */
  readonly callIds: readonly string[];
  readonly session: { readonly cookie: string; readonly token: string };
}

export interface FuzzCase {
  readonly operation: Operation;
  readonly method: string;
  /** What is to be sent, without the headers that let it in. */
  readonly target: string;
  readonly request: Buffer;
  /** Whether it carries the right credentials. */
  readonly authorized: boolean;
  /** It tries credentials that may be wrong: its sender is made to wait then, so it must not be ours. */
  readonly guesses: boolean;
  /** Nothing is wrong with it but, perhaps, the values of its body and its query: its answer must be one that the description has. */
  readonly tidy: boolean;
  readonly body: Buffer | undefined;
}

/** The names that cases use; whoever wants to be left alone has another one. */
export const FUNCTION_NAMES = ['alpha', 'beta', 'gamma', 'delta'] as const;
export const SECRET_NAMES = ['first-secret', 'second-secret'] as const;
export const NAMESPACES = ['other', 'third'] as const;
/** Only cases make it. */
export const PASSING_NAMESPACE = 'passing';
const DEFAULT_NAMESPACE = 'openfaas-fn';
/** So many replicas are plenty to find what is wrong. */
const MOST_REPLICAS = 3;
/** Without them a request does not come far, or does it to everything. */
const ALWAYS: ReadonlySet<string> = new Set(['name', 'function']);
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'get', 'PROPFIND', 'M-SEARCH', 'FOO', 'POSTPOST'] as const;
const CONTENT_TYPES = ['application/json', 'application/json; charset=utf-8', 'application/json; charset=utf-16', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/octet-stream', '', ';;;', 'application/json, application/json', 'x'.repeat(5_000)] as const;

/** Makes the request of a case; the same random choices make the same one. */
export function controlPlaneCase(operation: Operation, world: World, random: Random): FuzzCase {
  const namespace = random.pick([DEFAULT_NAMESPACE, DEFAULT_NAMESPACE, DEFAULT_NAMESPACE, ...NAMESPACES]);
  const known = knownFields(operation.path, { world, random, namespace });
  const pathIsNonsense = operation.path.includes('{') && random.chance(0.12);
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => (pathIsNonsense ? inPath(nonsenseText(random), random) : wordOf(known(name))));
  const queryIsNonsense = random.chance(0.15);
  const target = `${path}${queryOf(operation, { known, random, nonsensical: queryIsNonsense })}`.replace(/[\0- \x7f]/g, (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const methodIsWrong = random.chance(0.03);
  const method = methodIsWrong ? random.pick(METHODS) : operation.method;
  const body = bodyOf(operation, { world, random, known });
  const access = accessOf(world, random);
  const oddHeaders = random.chance(0.2) ? [oddHeader(random), ...random.some(2, () => oddHeader(random))] : [];
  const framing = body === undefined ? [] : random.chance(0.15) ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${body.length}`];
  const type = body && random.chance(0.7) ? [`Content-Type: ${random.chance(0.6) ? 'application/json' : random.pick(CONTENT_TYPES)}`] : [];
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: fuzz', ...access.headers, ...type, ...oddHeaders, ...framing];
  const sentBody = body === undefined ? Buffer.alloc(0) : framing[0]!.startsWith('Transfer') ? chunked(body, random) : body;
  return {
    operation,
    method,
    target,
    request: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), sentBody]),
    authorized: access.authorized,
    guesses: access.guesses || (method === 'POST' && target.startsWith('/ui/session')),
    tidy: !pathIsNonsense && !queryIsNonsense && !methodIsWrong && oddHeaders.length === 0 && target.length < 100_000 && (body === undefined) === (operation.body === undefined),
    body,
  };
}

interface Making {
  readonly world: World;
  readonly random: Random;
  readonly known: (field: string) => unknown;
}

function bodyOf(operation: Operation, { world, random, known }: Making): Buffer | undefined {
  if (!operation.body) return random.chance(operation.method === 'GET' ? 0.02 : 0.1) ? bytesOf(nonsense(random), random, random.chance(0.3)) : undefined;
  if (random.chance(0.02)) return undefined;
  let value = valueOf(operation.body, '', { random, schemas: world.schemas, known });
  const how = random.next();
  if (how > 0.35) for (let i = random.below(3); i >= 0; i--) value = spoilValue(value, random);
  return bytesOf(tamed(value), random, how > 0.8);
}

/** What fields, parameters and maps may well hold, by their name. */
function knownFields(path: string, { world, random, namespace }: { readonly world: World; readonly random: Random; readonly namespace: string }): (field: string) => unknown {
  const functionName = () => random.pick(FUNCTION_NAMES);
  // The same in the path and in the body, where both have it.
  const name = random.pick(path.includes('/secrets') ? SECRET_NAMES : path.includes('/namespace') ? [...NAMESPACES, PASSING_NAMESPACE, PASSING_NAMESPACE] : FUNCTION_NAMES);
  const fields: Readonly<Record<string, () => unknown>> = {
    service: functionName,
    functionName,
    serviceName: functionName,
    function: functionName,
    name: () => name,
    namespace: () => namespace,
    id: () => random.pick(world.callIds),
    after: () => random.pick(world.callIds),
    image: () => random.pick(['any', 'registry.example.com/team/image:1.0', '/nowhere/bundle']),
    envProcess: () => random.pick(['cat', 'cat', 'env', 'true', 'no-such-command']),
    envVars: () => ({ exec_timeout: random.pick(['1s', '10s', '1h1h', '-1s']), mode: random.pick(['serializing', 'streaming', 'http', 'static', 'nonsense']) }),
    secrets: () => random.some(1, () => random.pick(SECRET_NAMES)),
    constraints: () => ['node.role == worker'],
    labels: () => (path.includes('/namespace') ? { openfaas: '1' } : path.includes('/alert') ? { alertname: 'APIHighInvocationRate', function_name: random.pick([functionName(), `${functionName()}.${namespace}`, nonsenseText(random)]) } : scalingLabels(random)),
    annotations: () => annotations(random),
    memory: () => random.pick(['128Mi', '64m', '1Gi']),
    cpu: () => random.pick(['100m', '0.5', '2']),
    replicas: () => random.below(MOST_REPLICAS + 1),
    status: () => random.pick(['firing', 'resolved']),
    user: () => world.user,
    password: () => (random.chance(0.9) ? world.password : undefined),
    value: () => random.pick(['v', 'é', '']),
    rawValue: () => Buffer.from('raw').toString('base64'),
    wait: () => random.pick(['10ms', '1ms', '0']),
    follow: () => random.pick(['false', '0', 'true']),
    tail: () => random.pick(['1', '-1', '100']),
    since: () => '2026-01-01T00:00:00Z',
    limit: () => random.pick(['1', '1000', '5']),
    usage: () => '1',
  };
  return (field) => (Object.hasOwn(fields, field) ? fields[field]!() : undefined);
}

/** As `value`, but it asks for no more replicas than this machine is meant to run. */
function tamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tamed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === 'replicas' && typeof inner === 'number' && inner > MOST_REPLICAS && inner <= 1_000) return [name, MOST_REPLICAS];
      if (/scale\.(min|max)$/.test(name) && typeof inner === 'string' && /^\s*\d+\s*$/.test(inner) && Number(inner) <= 1_000) return [name, String(Math.min(Number(inner), MOST_REPLICAS))];
      return [name, tamed(inner)];
    }),
  );
}

function queryOf(operation: Operation, { known, random, nonsensical }: { readonly known: (field: string) => unknown; readonly random: Random; readonly nonsensical: boolean }): string {
  const declared = operation.parameters.filter((one) => one.in === 'query');
  const pairs = declared.filter(({ name }) => random.chance(ALWAYS.has(name) ? 0.9 : 0.5)).map(({ name }) => [name, encoded(random.chance(0.2) ? nonsenseText(random) : wordOf(known(name)))].join('='));
  if (nonsensical) {
    const name = declared.length > 0 ? random.pick(declared).name : 'namespace';
    pairs.push(
      ...Array.from({ length: 1 + random.below(3) }, () =>
        random.pick([
          () => `${name}=a&${name}=${encoded(nonsenseText(random))}`,
          () => `${name}[]=a&${name}[b][c]=d`,
          () => `${name}[__proto__]=x&__proto__[x]=y&constructor=z`,
          () => '%zz&%=%&=&&&',
          () => `${name}=%ff%fe%00%c0%80`,
          () => `${name}%00=x`,
          () => `${name}=${inPath(nonsenseText(random), random)}`,
          () => `${name}=a+b%20c%2Bd`,
          () => `${name.toUpperCase()}=x`,
          () => name,
          () => Array.from({ length: 5_000 }, (_, i) => `k${i}=v`).join('&'),
          () => Array.from({ length: 3_000 }, () => `${name}=v`).join('&'),
          () => `${name}=${'x'.repeat(100_000)}`,
          () => '?a=b?c',
          () => '#fragment',
          () => ';a=b;c=d',
        ])(),
      ),
    );
  }
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : 'x');

/** Percent-encoded byte by byte, also what is no text. */
function encoded(text: string): string {
  return [...Buffer.from(text)].map((byte) => (/[\w.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`)).join('');
}

/** Into the path as it is, now and then, with bytes that nobody encoded. */
function inPath(text: string, random: Random): string {
  if (random.chance(0.02)) return random.pick(['a/', '../', '%2e%2e/', './', '//', 'a%2f', ';/']).repeat(random.pick([10, 3_000, 250_000]));
  return random.chance(0.6) ? encoded(text) : random.chance(0.5) ? text.replace(/[^\x21-\x7e]/g, '%') : Buffer.from(text).toString('latin1').replace(/[\r\n]/g, '');
}

interface Access {
  readonly headers: readonly string[];
  readonly authorized: boolean;
  readonly guesses: boolean;
}

function accessOf({ user, password, session }: World, random: Random): Access {
  const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}`;
  const right = { headers: [basic(`${user}:${password}`)], authorized: true, guesses: false };
  const how = random.next();
  if (how < 0.9) return right;
  if (how < 0.94) return { headers: [`Cookie: ${session.cookie}`, `X-Shoal-Session: ${session.token}`], authorized: true, guesses: false };
  if (how < 0.943) return { headers: [basic(random.pick([`${user}:wrong`, `${nonsenseText(random).slice(0, 500)}:${nonsenseText(random).slice(0, 500)}`]))], authorized: false, guesses: true };
  const malformed = random.pick([
    [],
    ['Authorization: Basic'],
    ['Authorization: Basic !!!!'],
    [`Authorization: Bearer ${Buffer.from(`${user}:${password}`).toString('base64')}`],
    [`Authorization: Digest username="${user}"`],
    [`Authorization: ${'x'.repeat(20_000)}`],
    [basic('nocolon')],
    [`Cookie: ${session.cookie}`],
    [`X-Shoal-Session: ${session.token}`],
    [`Cookie: ${session.cookie}`, 'X-Shoal-Session: wrong'],
    [`Cookie: ${session.cookie.replace(/=.*/, `=${'A'.repeat(43)}`)}`, `X-Shoal-Session: ${session.token}`],
    [`Cookie: ${'shoal=x; '.repeat(2_000)}`],
    ['Cookie: \xff\xfe=;;;===;'],
  ]);
  return { headers: malformed, authorized: false, guesses: false };
}

function oddHeader(random: Random): string {
  return random.pick([
    () => 'Accept: application/problem+json',
    () => `Accept: ${random.pick(['*/*;q=9', 'text/html', 'text/event-stream', 'application/json, text/event-stream', ',,,', 'x'.repeat(10_000)])}`,
    () => `Accept-Encoding: ${random.pick(['gzip', 'br;q=nonsense', '*;q=0', 'identity;q=0', ', ,'])}`,
    () => `Content-Encoding: ${random.pick(['gzip', 'br', 'deflate', 'zstd', 'x'])}`,
    () => `Range: ${random.pick(['bytes=0-0', 'bytes=-1', 'bytes=5-1', `bytes=${'0-0,'.repeat(2_000)}0-0`, 'bytes=99999999999999999999-', 'items=1'])}`,
    () => `If-None-Match: ${random.pick(['*', '"x"', 'W/"', '"'.repeat(1_000)])}`,
    () => `If-Modified-Since: ${random.pick(['yesterday', 'Sun, 06 Nov 1994 08:49:37 GMT', 'Thu, 99 Jan 99999 99:99:99 GMT'])}`,
    () => `Expect: ${random.pick(['100-continue', 'nonsense', ''])}`,
    () => `Origin: ${random.pick(['null', 'http://fuzz', 'http://evil.example', 'nonsense', ''])}`,
    () => `Sec-Fetch-Site: ${random.pick(['cross-site', 'same-origin', 'x'])}`,
    () => `Sec-Fetch-Dest: ${random.pick(['document', 'iframe', 'x'])}`,
    () => `X-Forwarded-For: ${random.pick(['1.2.3.4', '::1, x', 'x'.repeat(5_000), ','])}`,
    () => `X-Forwarded-Proto: ${random.pick(['https', 'javascript'])}`,
    () => `X-HTTP-Method-Override: DELETE`,
    () => `X-Original-URL: /system/functions`,
    () => `Upgrade: ${random.pick(['websocket', 'h2c', 'TLS/1.0'])}\r\nConnection: Upgrade`,
    () => `Connection: ${random.pick(['close', 'keep-alive', 'Authorization', 'x, y, content-length', 'TE', 'a,'.repeat(100_000), `${'x'.repeat(100_000)},${'a,'.repeat(20_000)}`])}`,
    () => `TE: trailers`,
    () => `Traceparent: ${random.pick(['00-x', '00-00000000000000000000000000000000-0000000000000000-00', 'x'.repeat(1_000)])}`,
    () => `X-Call-Id: ${random.pick(['x', '../..', 'x'.repeat(2_000), '\xe9'])}`,
    () => `X-Long: ${'x'.repeat(random.pick([8_000, 17_000, 70_000, 300_000]))}`,
    () => Array.from({ length: random.pick([50, 1_500, 3_000]) }, (_, i) => `X-Many-${i}: v`).join('\r\n'),
    () => `X-Bytes: \x80\xff\xfe\xa0`,
    () => `X-Control: a\x01b`,
    () => `__proto__: x`,
    () => `constructor: x`,
    () => `Host: another`,
    () => `Content-Type: text/xml`,
  ])();
}

function chunked(body: Buffer, random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + random.below(random.pick([3, 100, 100_000])) + (body.length >> 6));
    parts.push(Buffer.from(`${size.toString(16)}${random.chance(0.1) ? ';ext=1' : ''}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
  }
  return Buffer.concat([...parts, Buffer.from(random.chance(0.2) ? '0\r\nX-Trailer: x\r\n\r\n' : '0\r\n\r\n')]);
}
