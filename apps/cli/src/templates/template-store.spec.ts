import { findTemplate, readTemplateStore } from './template-store';

const entry = { template: 'rust-http', platform: 'x86_64', language: 'Rust', source: 'somebody', description: 'Rust', repo: 'https://example.com/rust', official: 'false', recommended: true };

it('readTemplateStore() reads all fields; official is a text there', () => {
  expect(readTemplateStore(JSON.stringify([entry, { ...entry, official: 'true', added: 'later' }]), 'templates.json')).toEqual([
    { ...entry, official: false },
    { ...entry, official: true },
  ]);
});

it.each([
  ['{}', 'templates.json:1: must be a list of templates'],
  ['[\n{"template": "a",\n', 'templates.json:'],
  ['[\n{"repo": "a"}]', 'templates.json:2: [0] has no name'],
  ['[\n\n{"template": "a"}]', 'templates.json:3: [0] names no repository'],
  ['[{"template": ["a"], "repo": "a"}]', 'templates.json:1: [0].template must be text'],
])('readTemplateStore() of %j names the place', (text, problem) => {
  expect(() => readTemplateStore(text, 'templates.json')).toThrow(problem);
});

it('findTemplate() finds by name, and by source and name', () => {
  const store = readTemplateStore(JSON.stringify([entry, { ...entry, source: 'another' }]), 'templates.json');
  expect(findTemplate(store, 'rust-http')).toBe(store[0]);
  expect(findTemplate(store, 'another/rust-http')).toBe(store[1]);
  expect(() => findTemplate(store, 'rust-htp')).toThrow(expect.objectContaining({ reason: 'notFound', hint: 'did you mean rust-http?' }));
});
