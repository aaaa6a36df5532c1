import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadTemplate } from '../templates/template';
import { assemble } from './assemble';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-assemble-')));
  write('template/plain/template.yml', 'handler_folder: code');
  write('template/plain/Dockerfile', 'FROM x');
  write('template/plain/code/sample', 'sample');
  write('template/strict/template.yml', 'handler_files: [main, other]');
  write('template/strict/function/sample', 'sample');
  write('hello/main', 'main');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function run(lang: string, { handler = './hello', copy = [] as readonly string[], signal = undefined as AbortSignal | undefined } = {}): Promise<string> {
  return assemble({ function: { name: 'hello', handler }, template: await loadTemplate(lang, join(folder, 'template')), folder, copy, signal });
}

const filesIn = (path: string) => readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1)).sort();

describe('assemble()', () => {
  it('puts the template, then the handler over it, into build/<name>, for its user only', async () => {
    write('hello/sample', 'mine');
    const built = await run('plain');
    expect(built).toBe(join(folder, 'build/hello'));
    expect(filesIn(built)).toEqual(['Dockerfile', 'code/main', 'code/sample', 'template.yml']);
    expect(readFileSync(join(built, 'code/sample'), 'utf8')).toBe('mine');
    expect(statSync(built).mode & 0o777).toBe(0o700);
  });

  it('leaves the sample out where the template says what a handler is', async () => {
    expect(filesIn(await run('strict'))).toEqual(['function/main', 'template.yml']);
  });

  it('puts a Dockerfile and all that is beside it at the top', async () => {
    write('hello/Dockerfile', 'FROM x');
    expect(filesIn(await run('dockerfile'))).toEqual(['Dockerfile', 'main']);
  });

  it('keeps modes, follows links, and skips what is no part of a function at the top only', async () => {
    chmodSync(join(folder, 'hello/main'), 0o750);
    for (const name of ['build', 'template', 'node_modules', '.git', '__pycache__']) write(`hello/${name}/x`);
    write('hello/deep/build/x');
    write('shared/a');
    symlinkSync('../shared', join(folder, 'hello/link'));
    const built = await run('strict');
    expect(filesIn(built)).toEqual(['function/deep/build/x', 'function/link/a', 'function/main', 'template.yml']);
    expect(statSync(join(built, 'function/main')).mode & 0o777).toBe(0o750);
  });

  it('takes the project itself for a handler', async () => {
    write('main');
    expect(filesIn(await run('strict', { handler: '.' }))).toEqual(['function/hello/main', 'function/main', 'template.yml']);
  });

  it('copies what the project shares under the same path in the handler folder', async () => {
    write('shared/lib/a', 'a');
    write('VERSION', '1');
    expect(filesIn(await run('strict', { copy: ['shared/lib', './VERSION'] }))).toEqual(['function/VERSION', 'function/main', 'function/shared/lib/a', 'template.yml']);
  });

  it.each([
    ['..', 'lies outside'],
    ['/etc/passwd', 'lies outside'],
    ['hello/../../x', 'does not exist'],
    ['escape', 'lies outside'],
    ['.', 'is the project itself'],
    ['hello/..', 'is the project itself'],
    ['nowhere', 'does not exist'],
  ])('refuses to copy %s', async (path, message) => {
    symlinkSync(tmpdir(), join(folder, 'escape'));
    await expect(run('strict', { copy: [path] })).rejects.toMatchObject({ reason: 'usage', message: `copy: ${path} ${message}`.replace(/ (lies outside)$/, ' $1 of the project') });
    expect(existsSync(join(folder, 'build'))).toBe(false);
  });

  it.each([
    ['./nowhere', 'function hello: its handler ./nowhere does not exist'],
    ['./hello/main', 'function hello: its handler ./hello/main is not a folder'],
    ['', 'function hello has no handler'],
    ['./empty', 'function hello: ./empty has no file of main, other'],
  ])('says what is wrong with the handler %j', async (handler, message) => {
    mkdirSync(join(folder, 'empty'));
    await expect(run('strict', { handler })).rejects.toMatchObject({ reason: 'usage', message, hint: expect.any(String) });
  });

  it('says that a Dockerfile is missing', async () => {
    await expect(run('dockerfile')).rejects.toMatchObject({ reason: 'usage', message: 'function hello: ./hello has no Dockerfile' });
  });

  it('names a link that leads nowhere, and one that leads in a circle', async () => {
    symlinkSync('nothing', join(folder, 'hello/link'));
    await expect(run('strict')).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('hello/link') });
    rmSync(join(folder, 'hello/link'));
    symlinkSync('.', join(folder, 'hello/link'));
    await expect(run('strict')).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('hello/link') });
  });

  it('replaces what was built before, and keeps it when the new build fails or is interrupted', async () => {
    write('hello/old');
    await run('strict');
    rmSync(join(folder, 'hello/old'));
    const interrupted = run('strict', { signal: AbortSignal.abort(new Error('interrupted')) });
    await expect(interrupted).rejects.toThrow('interrupted');
    expect(existsSync(join(folder, 'build/hello/function/old'))).toBe(true);
    await run('strict');
    expect(existsSync(join(folder, 'build/hello/function/old'))).toBe(false);
    expect(readdirSync(join(folder, 'build'))).toEqual(['hello']);
  });

  it('turns TypeScript into JavaScript where the template says so, in what is copied too', async () => {
    write('template/ts/template.yml', 'strip_types: true\nhandler_files: [main.ts]');
    write('template/ts/server.ts', 'let a: number;');
    write('hello/main.ts', "import { b } from './b.ts';\nexport const a: number = b;");
    write('hello/types.d.ts', 'export {};');
    write('shared/c.ts', 'export const c: number = 1;');
    const built = await run('ts', { copy: ['shared'] });
    expect(filesIn(built)).toEqual(['function/main', 'function/main.js', 'function/shared/c.js', 'server.ts', 'template.yml']);
    expect(readFileSync(join(built, 'function/main.js'), 'utf8')).toBe("import { b } from './b.js';\nexport const a = b;");
    write('hello/main.js');
    await expect(run('ts')).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('would both become function/main.js') });
  });
});
