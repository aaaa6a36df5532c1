import fc from 'fast-check';
import { ask } from './ask';
import { GatewayProcess } from './gateway-process';

const HUGE = 'x'.repeat(100_000);
const DEEP = Array.from({ length: 20 }).reduce<unknown>((inner) => ({ inner }), 'x');
const MANY = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`k${i}`, 'v']));

/** Wrong for a field of each kind. */
const NO_TEXT: readonly unknown[] = [0, 1.5, true, [], ['x'], {}, DEEP];
const NO_NAME: readonly unknown[] = [...NO_TEXT, HUGE, 'Upper', 'snake_case', 'a.b.c', '../up', '..', '%2F', 'a/b', 'nul\0', 'ünï', '日本', ' ', ' a', 'a\n', '-a', 'a-', 'x'.repeat(64), '{{x}}', '💥', '\ud800'];
const NO_MAP: readonly unknown[] = ['x', 1, true, [], ['a=b'], { a: 1 }, { a: null }, { a: { b: 'c' } }, { a: ['b'] }, MANY];
const NO_LIST: readonly unknown[] = ['x', 1, true, {}, [1], [null], [['x']], [{}], ['twice', 'twice'], Array.from({ length: 1_001 }, (_, i) => `n${i}`)];
const NO_RESOURCES: readonly unknown[] = ['x', 1, true, [], [{}], { memory: 1 }, { memory: 'much' }, { memory: '-1' }, { memory: '0' }, { cpu: [] }, { cpu: 'x' }, { cpu: '-1' }, { cpu: '0' }];
const NO_FLAG: readonly unknown[] = ['true', 1, 0, [], {}, HUGE];

interface Target {
  readonly method: string;
  readonly path: string;
  readonly valid: Readonly<Record<string, unknown>>;
  /** By field. */
  readonly wrong: Readonly<Record<string, readonly unknown[]>>;
  /** Fields that must be there, and not null or empty. */
  readonly required: readonly string[];
}

const deployment = { service: 'victim', image: 'any', envProcess: 'cat' };
const deploymentFields = {
  service: NO_NAME,
  image: [...NO_TEXT, HUGE, 'nul\0', 'a b', ' ', 'line\nbreak'],
  namespace: [...NO_NAME, 'missing'],
  envProcess: [...NO_TEXT, 'nul\0', 'no-such-command-here', ' ', '\u001b[1m'],
  envVars: [...NO_MAP, { '': 'x' }, { 'a=b': 'x' }, { 'a b': 'x' }, { '1a': 'x' }, { 'ünï': 'x' }, { a: 'nul\0' }, { 'nul\0': 'x' }],
  constraints: [...NO_LIST, ['nul\0']],
  secrets: [...NO_LIST, ['missing'], ['../up'], ['a/b'], ['Upper'], [''], ['nul\0'], ['x'.repeat(300)]],
  labels: [...NO_MAP, { '': 'x' }, { a: 'nul\0' }, ...['min', 'max', 'factor', 'zero', 'zero-duration'].map((name) => ({ [`com.openfaas.scale.${name}`]: 'many' }))],
  annotations: [...NO_MAP, { '': 'x' }, { a: 'nul\0' }],
  limits: NO_RESOURCES,
  requests: NO_RESOURCES,
  readOnlyRootFilesystem: NO_FLAG,
};
const secretFields = { name: [...NO_NAME.filter((value) => value !== 'a.b.c' && value !== 'x'.repeat(64)), 'x'.repeat(254), 'a..b'], namespace: [...NO_NAME, 'missing'], value: NO_TEXT, rawValue: [...NO_TEXT, 'not base64!', 'abc', 'ä==='] };
const namespaceFields = { name: NO_NAME, labels: [...NO_MAP, { openfaas: '0' }, {}], annotations: NO_MAP };
const labels = { openfaas: '1' };

const targets: readonly Target[] = [
  { method: 'POST', path: '/system/functions', valid: deployment, wrong: deploymentFields, required: ['service', 'image'] },
  { method: 'PUT', path: '/system/functions', valid: deployment, wrong: deploymentFields, required: ['service', 'image'] },
  { method: 'DELETE', path: '/system/functions', valid: { functionName: 'victim' }, wrong: { functionName: NO_NAME, namespace: [...NO_NAME, 'missing'] }, required: ['functionName'] },
  { method: 'POST', path: '/system/scale-function/victim', valid: { replicas: 1 }, wrong: { replicas: ['1', -1, 1.5, 1_001, 1e308, true, [], {}], namespace: [...NO_NAME, 'missing'], serviceName: NO_TEXT }, required: ['replicas'] },
  { method: 'POST', path: '/system/secrets', valid: { name: 'fresh', value: 'v' }, wrong: secretFields, required: ['name'] },
  { method: 'PUT', path: '/system/secrets', valid: { name: 'kept', value: 'v' }, wrong: secretFields, required: ['name'] },
  { method: 'DELETE', path: '/system/secrets', valid: { name: 'kept' }, wrong: { name: secretFields.name, namespace: [...NO_NAME, 'missing'] }, required: ['name'] },
  { method: 'POST', path: '/system/namespace/', valid: { name: 'fresh', labels }, wrong: namespaceFields, required: ['name', 'labels'] },
  { method: 'PUT', path: '/system/namespace/other', valid: { name: 'other', labels }, wrong: namespaceFields, required: ['name', 'labels'] },
  { method: 'POST', path: '/system/alert', valid: { alerts: [] }, wrong: { alerts: ['x', 1, {}, [null], ['x'], [{}], [{ status: 'firing' }], [{ status: 1, labels: {} }], [{ status: 'firing', labels: [] }], [DEEP], [[]], [[{ status: 'firing', labels: {} }]]], status: NO_TEXT, receiver: NO_TEXT }, required: ['alerts'] },
];

describe('bad input', () => {
  let gateway: GatewayProcess;
  const send = (method: string, path: string, body?: unknown) => ask(gateway.url, method, path, { body });
  const everything = async () => {
    const paths = ['/system/functions', '/system/functions?namespace=other', '/system/secrets', '/system/secrets?namespace=other', '/system/namespaces', '/system/namespace/other'];
    return Promise.all(paths.map(async (path) => (await send('GET', path)).text));
  };

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await gateway.deploy('victim', { envProcess: 'cat', envVars: { KEEP: '1' } });
    await send('POST', '/system/secrets', { name: 'kept', value: 'v' });
    await send('POST', '/system/namespace/', { name: 'other', labels, annotations: { keep: '1' } });
  });
  afterAll(async () => {
    // Whatever arbitrary bodies did to it in the end, it can be deployed and called.
    await gateway.deploy('victim', { envProcess: 'cat' });
    expect(await send('POST', '/function/victim', 'still here')).toMatchObject({ status: 200, text: 'still here' });
    expect(gateway.output).not.toContain('failed:');
    await gateway.dispose();
  });

  it('is tried in many ways', () => {
    const cases = targets.flatMap(({ wrong }) => Object.values(wrong).flat());
    expect(cases.length).toBeGreaterThan(300);
  });

  const fields = targets.flatMap((target) => Object.entries(target.wrong).map(([field, values]) => ({ title: `${target.method} ${target.path} ${field}`, target, field, values })));
  it.each(fields)('$title: each wrong value is refused by name and changes nothing', async ({ target, field, values }) => {
    const before = await everything();
    for (const value of values) {
      const { status, text } = await send(target.method, target.path, { ...target.valid, [field]: value });
      const shown = `${JSON.stringify(value).slice(0, 80)} -> ${status} ${text.slice(0, 200)}`;
      // What cannot be the name of anything may be answered as what is not there.
      expect(status === 400 || status === 404 ? 'refused' : shown).toBe('refused');
      expect(status === 404 || text.includes(field) ? 'named' : shown).toBe('named');
    }
    expect(await everything()).toEqual(before);
  });

  const required = targets.flatMap((target) => target.required.map((field) => ({ title: `${target.method} ${target.path} ${field}`, target, field })));
  it.each(required)('$title: missing, null and empty are refused by name', async ({ target, field }) => {
    const before = await everything();
    const { [field]: _left, ...without } = target.valid;
    for (const body of [without, { ...target.valid, [field]: null }, { ...target.valid, [field]: '' }]) {
      const { status, text } = await send(target.method, target.path, body);
      expect({ status, named: text.includes(field) }).toEqual({ status: 400, named: true });
    }
    expect(await everything()).toEqual(before);
  });

  const bodies: readonly (readonly [string, string | Buffer | undefined])[] = [
    ['no body', undefined],
    ['an empty one', ''],
    ['blank', ' \n'],
    ['broken JSON', '{"service":"victim"'],
    ['a list', '[]'],
    ['a text', '"victim"'],
    ['a number', '1'],
    ['null', 'null'],
    ['two values', '{}{}'],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d])],
    ['a form', 'service=victim&image=any'],
    ['deep lists', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['deep objects', `${'{"x":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['a name of our own machinery', '{"__proto__":{"service":"victim"},"service":"victim","image":"any","name":"x"}'],
    ['one in a map', '{"service":"victim","image":"any","name":"x","labels":{"constructor":"x"},"alerts":[{"prototype":1}]}'],
  ];
  it.each(targets.map((target) => ({ title: `${target.method} ${target.path}`, target })))('$title: each body that is no object of fields is a 400', async ({ target }) => {
    const before = await everything();
    for (const [name, body] of bodies) {
      if (name.startsWith('one in') && target.method === 'DELETE') continue;
      expect({ name, ...(await send(target.method, target.path, body)) }).toMatchObject({ name, status: 400, text: expect.stringMatching(/body|JSON|cannot be a name/) });
    }
    expect(await everything()).toEqual(before);
  });

  it.each(targets.map((target) => ({ title: `${target.method} ${target.path}`, target })))('$title: a body that is too large is a 413 with the limit', async ({ target }) => {
    const before = await everything();
    const { status, text } = await send(target.method, target.path, { ...target.valid, padding: 'x'.repeat(1024 * 1024) });
    expect({ status, text }).toEqual({ status: 413, text: expect.stringContaining('1048576') });
    expect(await everything()).toEqual(before);
  });

  it.each([undefined, '', 'garbage', 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'multipart/form-data', 'a/b;;;'])(
    'the content type %j is never looked at',
    async (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
      const answer = await ask(gateway.url, 'PUT', '/system/functions', { body: { ...deployment, envVars: { KEEP: '1' } }, headers });
      expect(answer.status).toBe(202);
    },
  );

  // Validation takes time in the square of the names of one object: a megabyte of them held the gateway up for eleven seconds, at a door that asks for no password.
  const many = (count: number, one: (i: number) => string) => Array.from({ length: count }, (_, i) => one(i)).join();
  it.each([
    ['names in one object', 'POST', '/ui/session', `{${many(80_000, (i) => `"${i.toString(36)}":0`)}}`, /more than 2000 names/],
    ['names in an inner object', 'POST', '/system/alert', `{"alerts":[],"x":{${many(80_000, (i) => `"${i.toString(36)}":0`)}}}`, /more than 2000 names/],
    ['items', 'POST', '/system/functions', `{"secrets":[${many(200_000, () => '0')}]}`, /more than 50000 values/],
    ['small objects', 'POST', '/ui/session', `{"user":[${many(200_000, () => '{}')}]}`, /more than 50000 values/],
    ['names of many objects', 'POST', '/system/alert', `{"alerts":[${many(60, () => `{"labels":{${many(1_000, (i) => `"k${i}":"v"`)}}}`)}]}`, /more than 50000 values/],
  ] as const)('a body with too many %s is refused before it is looked at', async (_title, method, path, body, message) => {
    expect(body.length).toBeLessThan(1024 * 1024);
    expect(await send(method, path, body)).toMatchObject({ status: 400, text: expect.stringMatching(message) });
  });

  it.each([
    ['wrong items of a list', 'POST', '/system/alert', { alerts: Array.from({ length: 5_000 }, () => ({})) }, /^alerts\.0\.status.*; and \d+ more$/],
    ['secrets that are not there', 'POST', '/system/functions', { ...deployment, secrets: Array.from({ length: 900 }, (_, i) => `s${i}`) }, /s9 and 890 more not found/],
    ['a name with control characters', 'POST', '/system/functions', { ...deployment, labels: { ['\u001b[31m\u009b'.repeat(1_000)]: 1 } }, /^labels\.\\u001b\[31m\?.*… must be a string$/],
    ['a long command', 'POST', '/system/functions', { ...deployment, envProcess: 'x'.repeat(100_000) }, /^envProcess: there is no command x{60}… on/],
    ['a long path that cannot be decoded', 'GET', `/system/function/${'x'.repeat(300)}%zz`, undefined, /^the path cannot be decoded/],
    ['a path of more parts than there is room for', 'GET', `/ui/assets/${'a/'.repeat(500_000)}`, undefined, /^the path is longer than 4096 characters$/],
    ['a namespace with control characters', 'GET', '/system/namespace/%1b%5b31m', undefined, /^namespace \\u001b\[31m does not exist$/],
    ['a long schedule', 'POST', '/system/functions', { ...deployment, annotations: { schedule: `${'0,'.repeat(200)}0 * * * *` } }, /^annotations\.schedule is longer than 256 characters$/],
  ] as const)('what is said of %s can be read', async (_title, method, path, body, message) => {
    const { status, text } = await send(method, path, body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text.trimEnd()).toMatch(message);
    expect(text.length).toBeLessThan(2_000);
    // eslint-disable-next-line no-control-regex -- looking for control characters is the point
    expect(text).toMatch(/^[^\u0000-\u001f\u007f-\u009f]+\n$/);
  });

  it('unknown fields are ignored', async () => {
    const body = { ...deployment, network: 'func_functions', registryAuth: 'eA==', envVars: { KEEP: '1' }, deep: DEEP, list: [1, [2]], '': 1, toString: 'x' };
    expect((await send('PUT', '/system/functions', body)).status).toBe(202);
    expect((await send('GET', '/system/function/victim')).text).not.toMatch(/registryAuth|deep/);
  });

  it.each(['%00', '%2e%2e', '..%2F..', 'a%2Fb', 'Victim', '%zz', '%', '%F0%9F%92%A5', 'x'.repeat(600), 'x'.repeat(100_000), '__proto__', 'constructor', '*', ':name', '{name}'])(
    'a name in the path that is none is a 4xx: %s',
    async (name) => {
      for (const [method, path] of [['GET', `/system/function/${name}`], ['POST', `/system/scale-function/${name}`], ['GET', `/system/namespace/${name}`], ['DELETE', `/system/namespace/${name}`]] as const) {
        const { status, headers, text } = await send(method, path, method === 'POST' ? { replicas: 1 } : undefined);
        expect([400, 404, 414]).toContain(status);
        expect(headers['content-type']).toMatch(/^text\/plain/);
        expect(text.length).toBeLessThan(500);
      }
    },
  );

  it.each(targets.map((target) => ({ title: `${target.method} ${target.path}`, target })))(
    '$title: no body whatever is ever a 5xx',
    async ({ target }) => {
      const values = Object.values(target.wrong).flat();
      const arbitraryField = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...values), fc.string({ unit: 'binary' }));
      const named = fc.record(Object.fromEntries(Object.keys(target.wrong).map((field) => [field, arbitraryField])), { requiredKeys: [] });
      // What is right would change things; all that counts here is that nothing breaks.
      const body = fc.oneof(fc.jsonValue({ maxDepth: 6 }), named, named.map((fields) => ({ ...target.valid, ...fields })));
      await fc.assert(
        fc.asyncProperty(body, async (value) => {
          expect((await send(target.method, target.path, JSON.stringify(value))).status).toBeLessThan(500);
        }),
        { numRuns: 300, seed: 20_260_101 },
      );
    },
    60_000,
  );
});
