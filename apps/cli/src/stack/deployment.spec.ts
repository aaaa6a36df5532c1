import { deploymentOf } from './deployment';
import { functionOfFlags } from './function-of-flags';
import { readStack } from './read-stack';

/** Of a function `fn1` with an image and these further keys, in YAML. */
const functionOf = (keys: string) => readStack(`provider: {name: openfaas}\nfunctions: {fn1: {image: "x/y:1", ${keys}}}`, 'stack.yml').functions.get('fn1')!;

describe('deploymentOf() of flags alone', () => {
  it('is the smallest body of the wire contract', () => {
    expect(deploymentOf(functionOfFlags({ name: 'newfn', image: 'x/y:1' }), {})).toStrictEqual({ service: 'newfn', image: 'x/y:1', labels: {}, annotations: {} });
  });

  it('is the largest body of the wire contract', () => {
    const flags = { env: { A: 'b' }, labels: { c: 'd' }, annotations: { e: 'f' }, secrets: ['s1'], constraints: ['node.role == manager'], namespace: 'ns1', readOnly: true };
    expect(deploymentOf(functionOfFlags({ name: 'fn1', image: 'x/y:1', fprocess: 'cat' }), flags)).toStrictEqual({
      service: 'fn1',
      image: 'x/y:1',
      namespace: 'ns1',
      envProcess: 'cat',
      envVars: { A: 'b' },
      constraints: ['node.role == manager'],
      secrets: ['s1'],
      labels: { c: 'd' },
      annotations: { e: 'f' },
      readOnlyRootFilesystem: true,
    });
  });

  it.each([
    [{}, /^there is no stack.yml here, and no --name$/],
    [{ name: 'Fn_1', image: 'a' }, /^--name must consist of a-z, 0-9 and -/],
    [{ name: 'fn1' }, /^function fn1 has no image$/],
  ])('rejects %j', (flags, message) => {
    expect(() => deploymentOf(functionOfFlags(flags), {})).toThrow(expect.objectContaining({ reason: 'usage', message: expect.stringMatching(message), hint: expect.stringContaining('--') }));
  });
});

describe('deploymentOf() of a function of a stack file', () => {
  it('has the limits and requests that the file has', () => {
    expect(deploymentOf(functionOf('limits: {memory: 10m, cpu: 0.1}, requests: {memory: 5m}'), {})).toStrictEqual({
      service: 'fn1',
      image: 'x/y:1',
      labels: {},
      annotations: {},
      limits: { memory: '10m', cpu: '0.1' },
      requests: { memory: '5m' },
    });
  });

  it('merges the environment: file, then environment files, then flags', () => {
    const { envVars } = deploymentOf(functionOf('environment: {A: yaml, B: yaml, C: yaml}'), { env: { C: 'flag', D: 'flag' } }, { fileEnvironment: { B: 'file', C: 'file' } });
    expect(envVars).toEqual({ A: 'yaml', B: 'file', C: 'flag', D: 'flag' });
  });

  it('lets flags win over labels and annotations', () => {
    const { labels, annotations } = deploymentOf(functionOf('labels: {a: yaml, b: yaml}, annotations: {a: yaml, b: yaml}'), { labels: { b: 'flag', c: '' }, annotations: { b: 'flag' } });
    expect(labels).toEqual({ a: 'yaml', b: 'flag', c: '' });
    expect(annotations).toEqual({ a: 'yaml', b: 'flag' });
  });

  it('has the secrets of flags first, each once', () => {
    expect(deploymentOf(functionOf('secrets: [a, b, c]'), { secrets: ['c', 'd', 'c'] }).secrets).toEqual(['c', 'd', 'a', 'b']);
  });

  it.each([
    ['constraints: [a]', ['b'], ['a']],
    ['constraints: [a, b, a]', [], ['a', 'b']],
    ['constraints: []', ['b'], undefined],
    ['lang: node', ['b'], ['b']],
    ['lang: node', [], undefined],
  ])('with %s and the flags %j has the constraints %j', (keys, constraints, expected) => {
    expect(deploymentOf(functionOf(keys), { constraints }).constraints).toEqual(expected);
  });

  it.each([
    ['namespace: yaml', 'flag', 'flag'],
    ['namespace: yaml', '', 'yaml'],
    ['namespace: yaml', undefined, 'yaml'],
    ['lang: node', undefined, undefined],
  ])('with %s and the flag %j is in the namespace %j', (keys, namespace, expected) => {
    expect(deploymentOf(functionOf(keys), { namespace }).namespace).toBe(expected);
  });

  it.each([
    ['fprocess: yaml', 'template', 'yaml'],
    ['fprocess: ""', 'template', 'template'],
    ['lang: node', 'template', 'template'],
    ['lang: node', undefined, undefined],
    ['lang: node', '', undefined],
  ])('with %s and the command %j of its template runs %j', (keys, templateProcess, expected) => {
    expect(deploymentOf(functionOf(keys), {}, { templateProcess }).envProcess).toBe(expected);
  });

  it.each([
    ['readonly_root_filesystem: true', false, true],
    ['readonly_root_filesystem: false', true, true],
    ['readonly_root_filesystem: false', false, undefined],
  ])('with %s and the flag %s is read-only: %s', (keys, readOnly, expected) => {
    expect(deploymentOf(functionOf(keys), { readOnly }).readOnlyRootFilesystem).toBe(expected);
  });

  it('has the image as it was tagged', () => {
    expect(deploymentOf(functionOf(''), {}, { image: 'x/y:1-abc' }).image).toBe('x/y:1-abc');
  });
});
