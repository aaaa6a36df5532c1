import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pullTemplates, unpackShipped } from './pull-templates';
import { shippedTemplates } from './shipped-files';

let folder: string;
let source: string;
let into: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-pull-'));
  source = join(folder, 'source');
  into = join(folder, 'project/template');
  write('source/template/a/template.yml', 'language: a');
  write('source/template/a/build.sh', 'echo one');
  chmodSync(join(source, 'template/a/build.sh'), 0o755);
  write('source/template/b/template.yml', 'based_on: a');
  write('source/template/c/template.yml', '');
  write('source/README.md', '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const read = (path: string) => readFileSync(join(into, path), 'utf8');

function git(...args: readonly string[]): void {
  execFileSync('git', ['-C', source, '-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args], { stdio: 'pipe' });
}

function commitAll(): void {
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=x');
}

describe('pullTemplates()', () => {
  it('copies the templates of a folder, with their modes, and nothing else', async () => {
    expect(await pullTemplates(source, { into, overwrite: false })).toEqual({ copied: ['a', 'b', 'c'], present: [] });
    expect(readdirSync(into).sort()).toEqual(['a', 'b', 'c']);
    expect(statSync(join(into, 'a/build.sh')).mode & 0o777).toBe(0o755);
  });

  it('leaves alone what is there, unless it may overwrite', async () => {
    await pullTemplates(source, { into, overwrite: false });
    writeFileSync(join(into, 'a/build.sh'), 'mine');
    writeFileSync(join(into, 'a/more'), 'mine');
    rmSync(join(into, 'c'), { recursive: true });
    expect(await pullTemplates(source, { into, overwrite: false })).toEqual({ copied: ['c'], present: ['a', 'b'] });
    expect(read('a/build.sh')).toBe('mine');
    expect(await pullTemplates(source, { into, overwrite: true })).toEqual({ copied: ['a', 'b', 'c'], present: [] });
    expect(read('a/build.sh')).toBe('echo one');
    expect(existsSync(join(into, 'a/more'))).toBe(false);
  });

  it('copies only what was asked for, and what that is based on', async () => {
    expect(await pullTemplates(source, { into, overwrite: false, only: ['B'] })).toEqual({ copied: ['a', 'b'], present: [] });
    await expect(pullTemplates(source, { into, overwrite: false, only: ['x'] })).rejects.toMatchObject({ reason: 'notFound', message: expect.stringContaining('there are a, b, c') });
  });

  it('clones a Git repository, by URL or folder, at the branch or tag that is named', async () => {
    commitAll();
    git('tag', 'v1');
    write('source/template/a/build.sh', 'echo two');
    git('commit', '--quiet', '--all', '--message=x');
    const url = pathToFileURL(source).href;
    await pullTemplates(url, { into, overwrite: false });
    expect(read('a/build.sh')).toBe('echo two');
    await pullTemplates(`${url}#v1`, { into, overwrite: true });
    expect(read('a/build.sh')).toBe('echo one');
    await pullTemplates(`${source}#main`, { into, overwrite: true });
    expect(read('a/build.sh')).toBe('echo two');
    await expect(pullTemplates(`${url}#v2`, { into, overwrite: true })).rejects.toMatchObject({ reason: 'notFound', message: expect.stringContaining('at v2') });
  });

  it('says that Git is missing', async () => {
    commitAll();
    await expect(pullTemplates(pathToFileURL(source).href, { into, overwrite: false, env: { PATH: folder } })).rejects.toMatchObject({ reason: 'missing', message: expect.stringContaining('git') });
  });

  it.each(['', '#main', '-u', '--upload-pack=touch x', 'https://localhost/x#', 'https://localhost/x#-b'])('refuses %j as a source', async (bad) => {
    await expect(pullTemplates(bad, { into, overwrite: false })).rejects.toMatchObject({ reason: 'usage' });
  });

  it('says so when there is no such folder, or no template in it', async () => {
    await expect(pullTemplates(join(folder, 'nowhere'), { into, overwrite: false })).rejects.toMatchObject({ reason: 'notFound' });
    await expect(pullTemplates(join(source, 'template/a'), { into, overwrite: false })).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('has no templates') });
  });

  it.each([
    ['to a file outside', '/etc/passwd'],
    ['upwards', '../../README.md'],
    ['to a neighbour', '../ab/x'],
    ['nowhere', 'nothing'],
  ])('refuses a template with a link that leads %s, and copies nothing', async (_, target) => {
    write('source/template/ab/x', '');
    mkdirSync(join(source, 'template/a/deep'));
    symlinkSync(target.replace(/^\.\.\/ab/, '../../ab'), join(source, 'template/a/deep/link'));
    await expect(pullTemplates(source, { into, overwrite: true })).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('deep/link') });
    expect(existsSync(into)).toBe(false);
  });

  it('keeps links within a template, and does not follow one in the place of the folder', async () => {
    symlinkSync('build.sh', join(source, 'template/a/link'));
    await pullTemplates(source, { into, overwrite: false });
    expect(read('a/link')).toBe('echo one');
    const other = join(folder, 'other');
    mkdirSync(other);
    symlinkSync(join(source, 'template'), join(other, 'template'));
    await expect(pullTemplates(other, { into, overwrite: true })).rejects.toMatchObject({ reason: 'usage' });
  });
});

describe('unpackShipped()', () => {
  const shipped = shippedTemplates({
    'node/template.yml': { mode: 0o644, text: 'language: node' },
    'node/function/run.sh': { mode: 0o755, text: 'echo' },
    'node-ts/template.yml': { mode: 0o644, text: 'based_on: node' },
  });

  it('writes a template and what it is based on, with their modes, and leaves alone what is there', async () => {
    expect(await unpackShipped(['node-ts'], into, { shipped })).toEqual({ copied: ['node', 'node-ts'], present: [] });
    expect(statSync(join(into, 'node/function/run.sh')).mode & 0o777).toBe(0o755);
    writeFileSync(join(into, 'node/template.yml'), 'language: mine');
    expect(await unpackShipped(['node'], into, { shipped })).toEqual({ copied: [], present: ['node'] });
    expect(read('node/template.yml')).toBe('language: mine');
    expect(readdirSync(into).sort()).toEqual(['node', 'node-ts']);
  });

  it('says which there are when it does not have one', async () => {
    await expect(unpackShipped(['rust'], into, { shipped })).rejects.toMatchObject({ reason: 'notFound', message: expect.stringContaining('there are node, node-ts') });
  });
});
