import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from './cli-process';

const NAMES = ['bash', 'dockerfile', 'go', 'node', 'node-ts', 'python3'];

let cli: Cli;
beforeEach(() => {
  cli = new Cli();
});
afterEach(() => cli.dispose());

const shoal = (...args: string[]) => cli.run(args);
const inProject = (path: string) => join(cli.folder, path);

/** A folder of templates as people have them in repositories: for images only. */
function makeRepository(name: string, ...templates: string[]): string {
  for (const one of templates) {
    mkdirSync(inProject(`${name}/template/${one}/function`), { recursive: true });
    writeFileSync(inProject(`${name}/template/${one}/template.yml`), `language: ${one}\nfprocess: ./handler\n`);
    writeFileSync(inProject(`${name}/template/${one}/Dockerfile`), 'FROM scratch\nENV mode="http"\n');
  }
  return inProject(name);
}

function makeStack(...templates: object[]): void {
  writeFileSync(inProject('stack.yml'), JSON.stringify({ version: '1.0', provider: { name: 'openfaas' }, functions: {}, configuration: { templates } }));
}

it('shoal template pull unpacks what comes with it, without any network, and leaves what is there', async () => {
  expect(await shoal('template', 'pull')).toEqual({ code: 0, stdout: `Copied to ./template: ${NAMES.join(', ')}\n`, stderr: 'No repository is named: these are the templates that come with shoal.\n' });
  writeFileSync(inProject('template/node/template.yml'), 'language: mine\n');
  expect((await shoal('template', 'pull')).stdout).toBe(`There already, and left as they are: ${NAMES.join(', ')} (--overwrite replaces them)\n`);
  expect(readFileSync(inProject('template/node/template.yml'), 'utf8')).toBe('language: mine\n');
  expect((await shoal('template', 'pull', '--overwrite')).stdout).toMatch(/^Copied/);
  expect(readFileSync(inProject('template/node/template.yml'), 'utf8')).toMatch(/^language: node$/m);
});

it('shoal template list shows shipped and pulled templates, with what each needs and has not', async () => {
  mkdirSync(inProject('template'));
  execFileSync('cp', ['-r', `${makeRepository('others', 'rust')}/template/rust`, inProject('template')]);
  const { code, stdout } = await cli.run(['template', 'list'], { env: { PATH: '/nowhere' } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^NAME +LANGUAGE +MODE +FROM +NEEDS\nbash +bash +serializing +shoal +bash \(not here\)\n/);
  expect(stdout).toMatch(/^node-ts +node-ts +http +shoal +node \(not here\), npm \(not here\)$/m);
  expect(stdout).toMatch(/^go +go +http +shoal +go \(not here\)$/m);
  expect(stdout).toMatch(/^rust +rust +http +\.\/template +docker \(not here\)$/m);
  const all = JSON.parse((await shoal('template', 'list', '--output', 'json')).stdout) as object[];
  expect(all).toContainEqual({ name: 'bash', language: 'bash', mode: 'serializing', from: 'shipped', needs: ['bash'], missing: [] });
});

it('shoal template pull takes a folder, and what OPENFAAS_TEMPLATE_URL says', async () => {
  const folder = makeRepository('others', 'rust', 'zig');
  expect(await shoal('template', 'pull', folder, '--debug')).toEqual({ code: 0, stdout: 'Copied to ./template: rust, zig\n', stderr: `From ${folder} to ${inProject('template')}\n` });
  const another = makeRepository('more', 'perl');
  expect((await cli.run(['template', 'pull'], { env: { OPENFAAS_TEMPLATE_URL: another } })).stdout).toBe('Copied to ./template: perl\n');
});

it('shoal template pull takes a branch of a Git repository', async () => {
  const folder = makeRepository('others', 'rust');
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
  git('init', '--quiet', '--initial-branch=next');
  git('add', '.');
  git('commit', '--quiet', '--message=all');
  expect(await shoal('template', 'pull', `file://${folder}#next`)).toMatchObject({ code: 0, stdout: 'Copied to ./template: rust\n' });
  expect(await shoal('template', 'pull', `file://${folder}#none`)).toMatchObject({ code: 5, stderr: expect.stringContaining('could not be fetched') });
});

it('shoal template pull stack fetches what the stack file names: from its source, from the store, or from shoal itself', async () => {
  const folder = makeRepository('others', 'rust', 'zig');
  writeFileSync(inProject('templates.json'), JSON.stringify([{ template: 'zig', repo: folder }]));
  makeStack({ name: 'rust', source: folder }, { name: 'zig' }, { name: 'bash' });
  const env = { OPENFAAS_TEMPLATE_STORE_URL: 'templates.json', LANGUAGE_OF: 'x' };
  const { code, stdout } = await cli.run(['template', 'pull', 'stack', '--yaml', 'stack.yml', '--no-envsubst', '--overwrite', '--debug'], { env });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Copied to ./template: rust\nCopied to ./template: zig\nCopied to ./template: bash\n' });
  expect((await cli.run(['template', 'pull', 'stack'], { env })).stdout).toMatch(/^There already, and left as they are: rust /);
});

it('shoal template pull stack says what is missing', async () => {
  expect(await shoal('template', 'pull', 'stack')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no stack.yaml or stack.yml') });
  makeStack();
  expect(await shoal('template', 'pull', 'stack')).toMatchObject({ code: 2, stderr: expect.stringContaining('stack.yml names no templates') });
  makeStack({ name: 'cobol' });
  expect(await shoal('template', 'pull', 'stack')).toMatchObject({ code: 2, stderr: expect.stringContaining('no template store is chosen') });
  expect(await shoal('template', 'pull', './nowhere')).toMatchObject({ code: 5, stderr: expect.stringContaining('there is no folder ./nowhere') });
});

describe('shoal template store', () => {
  beforeEach(() => {
    const entry = { platform: 'x86_64', source: 'somebody', official: 'false', recommended: false };
    const repo = makeRepository('others', 'rust');
    writeFileSync(
      inProject('templates.json'),
      JSON.stringify([
        { ...entry, template: 'rust', language: 'Rust', description: 'For Rust', repo, recommended: true },
        { ...entry, template: 'cobol', language: 'COBOL', description: 'For COBOL', repo: 'https://example.com/cobol', official: 'true' },
        { ...entry, template: 'tiny', language: 'C', description: 'For C', repo: 'https://example.com/tiny', platform: 'armhf' },
      ]),
    );
  });

  it('list shows those for a platform, and of them the official or recommended ones', async () => {
    const names = async (...flags: string[]) => (await shoal('template', 'store', 'list', '-u', 'templates.json', ...flags)).stdout.split('\n').slice(1, -1).map((line) => line.split(' ')[0]);
    expect(await names('--platform', 'amd64')).toEqual(['rust', 'cobol']);
    expect(await names('-p', 'armhf')).toEqual(['tiny']);
    expect(await names('-p', 'x86_64', '--official')).toEqual(['cobol']);
    expect(await names('-p', 'x86_64', '--recommended')).toEqual(['rust']);
    expect((await shoal('template', 'store', 'list', '-p', 'x86_64', '--url', 'templates.json', '--verbose')).stdout).toMatch(/^cobol +\[ \] +somebody +For COBOL +COBOL +x86_64 +\[x\] +https:\/\/example\.com\/cobol$/m);
    expect(JSON.parse((await shoal('template', 'store', 'list', '-p', 'x86_64', '-u', 'templates.json', '--output', 'json')).stdout)).toHaveLength(2);
  });

  it('describe tells all of one', async () => {
    expect((await shoal('template', 'store', 'describe', 'somebody/cobol', '--url', 'templates.json')).stdout).toMatch(/^Name: +cobol\n[^]*^Official: +yes\n/m);
    expect((await shoal('template', 'store', 'describe', 'cobol', '-u', 'templates.json', '--output', 'yaml')).stdout).toMatch(/^repo: https:\/\/example\.com\/cobol$/m);
  });

  it('pull copies the templates of its repository', async () => {
    const pull = ['template', 'store', 'pull', 'rust', '--debug', '--overwrite'];
    expect(await cli.run(pull, { env: { OPENFAAS_TEMPLATE_STORE_URL: 'templates.json' } })).toMatchObject({ code: 0, stdout: 'Copied to ./template: rust\n' });
    expect(await shoal('template', 'store', 'pull', 'rust', '-u', 'templates.json')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^There already/) });
    expect(existsSync(inProject('template/rust/template.yml'))).toBe(true);
  });

  it('asks no store that nobody has named, and says what is wrong with one', async () => {
    expect(await shoal('template', 'store', 'list')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^Error: no template store is chosen/) });
    expect(await shoal('template', 'store', 'describe', 'rast', '-u', 'templates.json')).toMatchObject({ code: 5, stderr: 'Error: there is no template rast in the store\ndid you mean rust?\n' });
    writeFileSync(inProject('templates.json'), '[\n{"template": "a"}\n]');
    expect(await shoal('template', 'store', 'list', '-u', 'templates.json')).toMatchObject({ code: 2, stderr: expect.stringContaining('templates.json:2: [0] names no repository') });
    expect(await shoal('template', 'store', 'list', '-u', 'http://127.0.0.1:1/t.json')).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be read') });
  });
});
