import { readStore } from './read-store';

const entry = { title: 'Figlet', name: 'figlet', description: 'Big letters', images: { x86_64: 'some/figlet:1' }, repo_url: 'https://example.com/figlet' };
const problemsOf = (text: string) => {
  try {
    readStore(text, 'store.json');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

it('readStore() reads all fields of an entry', () => {
  const full = { ...entry, author: 'somebody', images: { X86_64: 'some/figlet:1', arm64: 'some/figlet:1-arm64' }, fprocess: 'figlet', icon: 'i.png', readOnlyRootFilesystem: true, environment: { A: '1' }, labels: { b: '2' }, annotations: { c: '3' }, added: 'later' };
  expect(readStore(JSON.stringify({ version: '0.2.1', functions: [full] }), 'store.json')).toEqual([
    {
      name: 'figlet', title: 'Figlet', description: 'Big letters', author: 'somebody', images: { x86_64: 'some/figlet:1', arm64: 'some/figlet:1-arm64' },
      fprocess: 'figlet', repoUrl: 'https://example.com/figlet', icon: 'i.png', readOnlyRootFilesystem: true, environment: { A: '1' }, labels: { b: '2' }, annotations: { c: '3' },
    },
  ]);
});

it('readStore() reads the bare list of old stores, with one image each', () => {
  const [one] = readStore(JSON.stringify([{ ...entry, images: undefined, image: 'some/figlet:old', network: 'func_functions' }]), 'store.json');
  expect(one).toMatchObject({ name: 'figlet', images: { x86_64: 'some/figlet:old' }, environment: {}, labels: {}, annotations: {}, readOnlyRootFilesystem: false });
});

it('readStore() of a store without functions is empty', () => {
  expect(readStore('{"version": "0.2.1", "functions": []}', 'store.json')).toEqual([]);
});

it.each([
  ['{"functions": [\n{"name": "a", "images": {"x86_64": "a"}}\n', 'store.json:3: '],
  ['<html>', 'store.json:1: must be a map'],
  ['{"templates": []}', 'store.json:1: it has no list "functions"'],
  ['{"functions": 3}', 'store.json:1: functions must be a list'],
  ['[\n  {"name": "a", "images": {"x86_64": "a"}},\n  {"title": "b"}\n]', 'store.json:3: [1] has no name'],
  ['[{"name": "a"}]', 'store.json:1: [0] names no image'],
  ['[{"name": "A b", "image": "a"}]', 'store.json:1: [0].name must consist of a-z, 0-9 and -'],
  ['[{"name": "a",\n"images": ["a"]}]', 'store.json:2: [0].images must be a map'],
  ['[{"name": "a", "image": "a",\n\n"labels": {"b": []}}]', 'store.json:3: [0].labels.b must be text'],
])('readStore() of %j names the place', (text, problem) => {
  expect(problemsOf(text)).toContain(problem);
});

it('readStore() tells all problems at once', () => {
  expect(problemsOf('[{"title": "a"}, {"name": "b"}]')?.split('\n')).toHaveLength(2);
});
