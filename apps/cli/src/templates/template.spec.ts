import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listTemplates, loadTemplate } from './template';

const shipped = join(__dirname, '../../../../templates');
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shoal-template-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe('loadTemplate()', () => {
  it('reads all keys of a template.yml, and ignores those it does not know', async () => {
    write(
      'ruby/template.yml',
      `language: ruby
fprocess: ruby index.rb
build_options:
  - name: dev
    packages: [make, gcc]
welcome_message: |
  Hello.
handler_folder: code
mount_ssh: true
made_up: 1
handler_files: [handler.rb]
bundle:
  install: [{ when: Gemfile, contains: gem, run: [bundle, install] }]
  build: [rake]
`,
    );
    expect(await loadTemplate('Ruby', folder)).toEqual({
      name: 'ruby',
      folders: [join(folder, 'ruby')],
      language: 'ruby',
      fprocess: 'ruby index.rb',
      buildOptions: [{ name: 'dev', packages: ['make', 'gcc'] }],
      welcomeMessage: 'Hello.\n',
      handlerFolder: 'code',
      mountSsh: true,
      handlerFiles: ['handler.rb'],
      stripTypes: false,
      install: [{ when: 'Gemfile', contains: 'gem', run: ['bundle', 'install'] }],
      build: ['rake'],
    });
  });

  it('takes an empty template.yml, and puts the handler into function/', async () => {
    write('plain/template.yml', '');
    expect(await loadTemplate('plain', folder)).toEqual({
      name: 'plain', folders: [join(folder, 'plain')], buildOptions: [], handlerFolder: 'function', mountSsh: false, handlerFiles: [], stripTypes: false, install: [],
    });
  });

  it('takes from the template it is based on what it does not say itself', async () => {
    const template = await loadTemplate('node-ts', shipped);
    expect(template.folders).toEqual([join(shipped, 'node'), join(shipped, 'node-ts')]);
    expect(template.sampleFolder).toBe(join(shipped, 'node-ts/function'));
    expect(template).toMatchObject({ language: 'node-ts', fprocess: 'node server.mjs', stripTypes: true, handlerFiles: ['handler.ts', 'handler.mts'] });
    expect(template.install).toEqual((await loadTemplate('node', shipped)).install);
  });

  it('needs no template for a Dockerfile', async () => {
    expect(await loadTemplate('dockerfile', join(folder, 'nowhere'))).toMatchObject({ name: 'dockerfile', folders: [], handlerFolder: '', handlerFiles: ['Dockerfile'] });
    const template = await loadTemplate('Dockerfile', shipped);
    expect(template).toMatchObject({ name: 'dockerfile', folders: [], handlerFolder: '', language: 'dockerfile', sampleFolder: join(shipped, 'dockerfile/function') });
  });

  it('has the sample of the template it is based on only when it has none itself', async () => {
    write('base/template.yml', '');
    write('base/function/handler.sh', '');
    write('own/template.yml', 'based_on: base');
    expect((await loadTemplate('own', folder)).sampleFolder).toBe(join(folder, 'base/function'));
    write('own/function/handler.sh', '');
    expect((await loadTemplate('own', folder)).sampleFolder).toBe(join(folder, 'own/function'));
  });

  it('says what is there instead of a template that is not', async () => {
    await expect(loadTemplate('rust', shipped)).rejects.toMatchObject({
      reason: 'notFound',
      message: `there is no template "rust" in ${shipped}; there are bash, dockerfile, go, node, node-ts, python3`,
      hint: expect.stringContaining('shoal template pull'),
    });
    await expect(loadTemplate('rust', join(folder, 'nowhere'))).rejects.toMatchObject({ message: expect.stringContaining('there are none') });
    await expect(loadTemplate('../node', join(shipped, 'go'))).rejects.toMatchObject({ reason: 'notFound' });
  });

  it('says what is missing when the template it is based on is not there, or is based on another', async () => {
    write('a/template.yml', 'based_on: b');
    await expect(loadTemplate('a', folder)).rejects.toMatchObject({ reason: 'notFound', message: expect.stringContaining('is based on b') });
    write('b/template.yml', 'based_on: a');
    await expect(loadTemplate('a', folder)).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('itself based on a') });
  });

  it.each([
    ['a: [', 'is not YAML'],
    ['- a', 'it must be a map'],
    ['fprocess: 1', 'fprocess must be a text'],
    ['mount_ssh: maybe', 'mount_ssh must be true or false'],
    ['handler_folder: ../x', 'handler_folder must be a path within the folder'],
    ['handler_folder: /x', 'handler_folder must be a path within the folder'],
    ['handler_files: handler.js', 'handler_files must be a list'],
    ['build_options: [{ packages: [a] }]', 'build_options[0].name must be a text'],
    ['bundle: { build: [] }', 'bundle.build must be a command'],
    ['bundle: { install: [{ when: a }] }', 'bundle.install[0].run must be a list'],
  ])('refuses %j, and says where and why', async (yml, message) => {
    write('bad/template.yml', yml);
    const rejection = expect(loadTemplate('bad', folder)).rejects;
    await rejection.toMatchObject({ reason: 'usage', message: expect.stringContaining(message) });
    await expect(loadTemplate('bad', folder)).rejects.toThrow(join(folder, 'bad/template.yml'));
  });
});

describe('listTemplates()', () => {
  it('names the folders, sorted, and none where there is no folder', async () => {
    for (const name of ['b', 'a', '.pulling-x']) write(`${name}/template.yml`, '');
    write('file', '');
    expect(await listTemplates(folder)).toEqual(['a', 'b']);
    expect(await listTemplates(join(folder, 'nowhere'))).toEqual([]);
  });
});
