import fc from 'fast-check';
import { appendFunction, newStackFile, type NewFunction } from './edit-stack-file';
import { readStack } from './read-stack';

const two: NewFunction = { name: 'two', lang: 'node', handler: './two', image: 'two:latest' };
const append = (text: string, fn: NewFunction = two): string => appendFunction(text, fn, { path: 'stack.yml', env: {} });

describe('newStackFile()', () => {
  it('has the keys of the wire contract, and nothing that is not meant', () => {
    expect(newStackFile({ name: 'echo', lang: 'node', handler: './echo', image: 'echo:latest', gateway: 'http://127.0.0.1:8080' })).toBe(
      `version: 1.0
provider:
  name: openfaas
  gateway: http://127.0.0.1:8080
functions:
  echo:
    lang: node
    handler: ./echo
    image: echo:latest
`,
    );
  });

  it('has requests and limits when there are some', () => {
    const text = newStackFile({ ...two, gateway: 'http://g', requests: { memory: '64Mi' }, limits: { memory: '128Mi', cpu: '0.5' } });
    expect(text).toContain('    requests:\n      memory: 64Mi\n    limits:\n      memory: 128Mi\n      cpu: "0.5"\n');
  });

  it('can be read, whatever is in it', () => {
    const value = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => /^[\x20-\x7e]+$/.test(text));
    fc.assert(
      fc.property(value, value, fc.constantFrom('a', '1', '1e3', 'null', 'yes', 'on', '0x10'), (lang, handler, name) => {
        const { provider, functions } = readStack(newStackFile({ name, lang, handler, image: 'a:1', gateway: lang }), 'stack.yml');
        expect(provider.gateway).toBe(lang);
        expect(functions.get(name)).toMatchObject({ name, lang, handler, image: 'a:1' });
      }),
    );
  });
});

describe('appendFunction()', () => {
  it('puts it after the others and leaves every other character as it is', () => {
    const before = '# ours\nversion: 1.0\nprovider:\n    name:   openfaas # which\nfunctions:\n    one:   # the first\n        image: "${PREFIX:-x}/one"\n        secrets:   [ a,b ]   # why\n';
    const after = '    # commented:\n    #   image: c\n\nconfiguration:\n  copy: [ ./common ]\n# end\n';
    expect(append(before + after)).toBe(`${before}    two:\n        lang: node\n        handler: ./two\n        image: two:latest\n${after}`);
  });

  it.each([
    ['no line end at the end', 'provider: {name: openfaas}\nfunctions:\n  one:\n    image: a', 'provider: {name: openfaas}\nfunctions:\n  one:\n    image: a\n  two:\n    lang: node\n    handler: ./two\n    image: two:latest\n'],
    ['lines of Windows', 'provider: {name: openfaas}\r\nfunctions:\r\n  one:\r\n    image: a\r\n', 'provider: {name: openfaas}\r\nfunctions:\r\n  one:\r\n    image: a\r\n  two:\r\n    lang: node\r\n    handler: ./two\r\n    image: two:latest\r\n'],
    ['empty lines between functions', 'provider: {name: openfaas}\nfunctions:\n  zero:\n    image: z\n\n  one:\n    image: a\n', 'provider: {name: openfaas}\nfunctions:\n  zero:\n    image: z\n\n  one:\n    image: a\n\n  two:\n    lang: node\n    handler: ./two\n    image: two:latest\n'],
    ['a block text last', 'provider: {name: openfaas}\nfunctions:\n  one:\n    environment:\n      A: |\n        a\n\n        b\nversion: 1.0\n', 'provider: {name: openfaas}\nfunctions:\n  one:\n    environment:\n      A: |\n        a\n\n        b\n  two:\n    lang: node\n    handler: ./two\n    image: two:latest\nversion: 1.0\n'],
    ['a key without value last', 'provider: {name: openfaas}\nfunctions:\n  one:\n    image: # none yet\nversion: 1.0\n', 'provider: {name: openfaas}\nfunctions:\n  one:\n    image: # none yet\n  two:\n    lang: node\n    handler: ./two\n    image: two:latest\nversion: 1.0\n'],
    ['an alias last', 'x: &x {image: a}\nprovider: {name: openfaas}\nfunctions:\n  one: *x\n', 'x: &x {image: a}\nprovider: {name: openfaas}\nfunctions:\n  one: *x\n  two:\n    lang: node\n    handler: ./two\n    image: two:latest\n'],
  ])('knows %s', (_, text, expected) => {
    expect(append(text)).toBe(expected);
  });

  it.each([
    'provider: {name: openfaas} # a comment\n',
    'provider: {name: openfaas} # a comment\nfunctions:\n',
    'provider: {name: openfaas} # a comment\nfunctions: {}\n',
    '# a comment\nprovider: {name: openfaas}\nfunctions: {one: {image: a}}\n',
    '{"provider": {"name": "openfaas"}, "functions": {"one": {"image": "a"}}} # a comment\n',
  ])('writes %j anew, with its comment', (text) => {
    const result = append(text);
    expect(result).toContain('# a comment');
    const had = [...readStack(text, 's').functions.keys()];
    expect([...readStack(result, 's').functions.keys()]).toEqual([...had, 'two']);
    expect(readStack(result, 's').functions.get('two')).toMatchObject(two);
  });

  it('takes one more each time, with requests and limits', () => {
    let text = newStackFile({ ...two, gateway: 'http://g' });
    for (const name of ['three', 'four', '5']) text = append(text, { ...two, name, limits: { memory: '1Gi' } });
    const { functions } = readStack(text, 's');
    expect([...functions.keys()]).toEqual(['two', 'three', 'four', '5']);
    expect(functions.get('5')!.limits).toEqual({ memory: '1Gi' });
  });

  it('judges the file with its variables, and leaves them in it', () => {
    const text = 'provider: {name: openfaas}\nfunctions:\n  one:\n    limits:\n      memory: ${MEMORY:-64Mi}\n';
    expect(append(text)).toBe(`${text}  two:\n    lang: node\n    handler: ./two\n    image: two:latest\n`);
    expect(() => appendFunction(text, two, { path: 's', env: { MEMORY: 'lots' } })).toThrow('s:5: functions.one.limits.memory is not an amount');
  });

  it('rejects a name that is there, and one that a merge brings', () => {
    const conflict = { reason: 'conflict', message: 'stack.yml has a function two already' };
    expect(() => append('provider: {name: openfaas}\nfunctions:\n  two: {}\n')).toThrow(expect.objectContaining(conflict));
    expect(() => append('x: &x {two: {image: a}}\nprovider: {name: openfaas}\nfunctions:\n  <<: *x\n')).toThrow(expect.objectContaining(conflict));
  });

  it('rejects what is no stack file, with its line', () => {
    expect(() => append('a: b\n')).toThrow(expect.objectContaining({ reason: 'usage', message: 'stack.yml:1: provider.name is missing; it is openfaas or shoal' }));
  });
});
