import { MAX_IMAGE_LENGTH, MAX_SPEC_ENTRIES, parseFunctionSpec, parseSecretName, type FunctionSpecInput } from './function-spec';

const valid: FunctionSpecInput = { service: 'echo', namespace: 'ns', image: 'echo' };
const many = Object.fromEntries(Array.from({ length: MAX_SPEC_ENTRIES + 1 }, (_, i) => [`k${i}`, '']));

describe('parseFunctionSpec()', () => {
  it('fills what is left out with nothing', () => {
    expect(parseFunctionSpec(valid)).toEqual({
      id: { name: 'echo', namespace: 'ns' },
      image: 'echo',
      envVars: {},
      constraints: [],
      secrets: [],
      labels: {},
      annotations: {},
      readOnlyRootFilesystem: false,
    });
  });

  it('keeps amounts as they were written', () => {
    const resources = { memory: '128Mi', cpu: '100m' };
    expect(parseFunctionSpec({ ...valid, limits: resources, requests: resources })).toMatchObject({ limits: resources, requests: resources });
  });

  it.each<[string, Partial<FunctionSpecInput>]>([
    ['service', { service: 'Upper' }],
    ['service', { service: '-a' }],
    ['service', { service: 'a..b' }],
    ['service', { service: 'a%2Fb' }],
    ['service', { service: 'a\0' }],
    ['service', { service: 'a'.repeat(64) }],
    ['service', { service: 'ä' }],
    ['namespace', { namespace: 'a.b' }],
    ['image', { image: ' ' }],
    ['image', { image: 'a b' }],
    ['image', { image: 'i'.repeat(MAX_IMAGE_LENGTH + 1) }],
    ['envProcess', { envProcess: 'cat\0' }],
    ['envVars.a=b', { envVars: { 'a=b': 'x' } }],
    ['envVars.A', { envVars: { A: 'nul\0' } }],
    ['envVars', { envVars: many }],
    ['constraints[1]', { constraints: ['ok', '\u0007'] }],
    ['secrets[0]', { secrets: ['../etc/passwd'] }],
    ['secrets', { secrets: ['a', 'a'] }],
    ['labels', { labels: { '': 'x' } }],
    ['labels.com.openfaas.scale.max', { labels: { 'com.openfaas.scale.max': 'many' } }],
    ['annotations.a', { annotations: { a: '\u0001' } }],
    ['limits.memory', { limits: { memory: 'lots' } }],
    ['limits.cpu', { limits: { cpu: '-1' } }],
    ['requests.memory', { requests: { memory: '0' } }],
  ])('refuses a bad %s, and names it', (field, bad) => {
    expect(() => parseFunctionSpec({ ...valid, ...bad })).toThrow(
      expect.objectContaining({ code: 'invalid-request', message: expect.stringMatching(new RegExp(`^${field.replace(/[.[\]]/g, '\\$&')} `)) }),
    );
  });
});

describe('parseSecretName()', () => {
  it.each(['a', 'api-key', 'tls.crt', 'a'.repeat(253)])('takes %s', (name) => {
    expect(parseSecretName(name, 'name')).toBe(name);
  });

  it.each(['', '.', '..', 'a..b', 'A', 'a/b', 'a\0', 'a'.repeat(254)])('refuses %j', (name) => {
    expect(() => parseSecretName(name, 'name')).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});
