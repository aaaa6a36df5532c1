import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { loadTemplate } from '../templates/template';
import { noteDeployed } from './deployed-bundles';
import { buildBundle, type BuiltBundle } from './bundle';

let folder: string;

/** Installs what a line of `needs` names, as a folder, and notes each time it does. */
const INSTALL = 'echo installed >>../../../installs && mkdir modules && cp needs modules/list && ln -s list modules/link && ln -s ../../../../shared modules/shared && ls';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-bundle-')));
  write('template/shell/function.yml', 'command: [sh, function/main]');
  writeTemplate(INSTALL, 'cat function/main >built');
  write('hello/main', 'echo hello');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function writeTemplate(install: string, build: string): void {
  write('template/shell/template.yml', JSON.stringify({ handler_files: ['main'], bundle: { install: [{ when: 'needs', contains: 'n', run: ['sh', '-c', install] }], build: ['sh', '-c', build] } }));
}

async function build({ lang = 'shell', name = 'hello', report = (_: string): void => undefined, signal = undefined as AbortSignal | undefined } = {}): Promise<BuiltBundle> {
  const template = await loadTemplate(lang, join(folder, 'template'));
  return buildBundle({ function: { name, handler: 'hello' }, template, folder, copy: [], report, signal });
}

const installs = () => (existsSync(join(folder, 'installs')) ? readFileSync(join(folder, 'installs'), 'utf8').split('\n').length - 1 : 0);
const bundles = () => readdirSync(join(folder, 'build/bundles')).sort();

describe('buildBundle()', () => {
  it('makes a folder that holds all that runs, named after what it is made of', async () => {
    const built = await build();
    expect(built).toEqual({ folder: expect.stringMatching(/\/build\/bundles\/hello-[0-9a-f]{12}$/), reused: false });
    expect(dirname(built.folder)).toBe(join(folder, 'build/bundles'));
    expect(readdirSync(built.folder).sort()).toEqual(['built', 'function', 'function.yml', 'template.yml']);
  });

  it('uses the same folder for the same sources, whenever and wherever they were written', async () => {
    const first = await build();
    utimesSync(join(folder, 'hello/main'), new Date(0), new Date(0));
    expect(await build()).toEqual({ folder: first.folder, reused: true });
    rmSync(join(folder, 'build'), { recursive: true });
    expect(await build()).toEqual({ folder: first.folder, reused: false });
  });

  it('makes another for other content, another mode or another template, and leaves the first as it was', async () => {
    const { folder: first } = await build();
    write('hello/main', 'echo other');
    const { folder: second } = await build();
    chmodSync(join(folder, 'hello/main'), 0o755);
    const { folder: third } = await build();
    expect(new Set([first, second, third]).size).toBe(3);
    expect(readFileSync(join(first, 'built'), 'utf8')).toBe('echo hello');
    expect(readFileSync(join(second, 'built'), 'utf8')).toBe('echo other');
    writeTemplate(INSTALL, 'cat function/main >built; true');
    expect([first, second, third]).not.toContain((await build()).folder);
  });

  it('installs again only when what it installs from has changed', async () => {
    write('hello/needs', 'n 1');
    write('shared/a', 'shared');
    const heard: string[] = [];
    const { folder: first } = await build({ report: (text) => heard.push(text) });
    expect(heard.join('')).toMatch(/^hello: sh -c .*\nmain\nmodules\nneeds\n$/);
    expect(readFileSync(join(first, 'function/modules/link'), 'utf8')).toBe('n 1');
    // A package of the project itself, which is linked to by where it lies.
    expect(readFileSync(join(first, 'function/modules/shared/a'), 'utf8')).toBe('shared');
    write('hello/main', 'echo other');
    const { folder: second } = await build();
    expect(readFileSync(join(second, 'function/modules/list'), 'utf8')).toBe('n 1');
    expect(installs()).toBe(1);
    write('hello/needs', 'n 2');
    const { folder: third } = await build();
    expect(readFileSync(join(third, 'function/modules/list'), 'utf8')).toBe('n 2');
    expect(readFileSync(join(first, 'function/modules/list'), 'utf8')).toBe('n 1');
    expect(installs()).toBe(2);
  });

  it.each(['', '\n  # n\n', 'm'])('installs nothing when there is nothing to install: %j', async (text) => {
    write('hello/needs', text);
    await build();
    expect(installs()).toBe(0);
  });

  it('rejects with the end of the output when a tool fails, and leaves nothing half done', async () => {
    writeTemplate(INSTALL, 'seq 100; echo wrong >&2; exit 3');
    const failed = build();
    await expect(failed).rejects.toMatchObject({ reason: 'build', message: expect.stringMatching(/^function hello was not built: "sh -c .*" ended with 3\n62\n[\s\S]*100\nwrong$/) });
    expect(bundles()).toEqual([]);
    writeTemplate('exit 1', 'true');
    write('hello/needs', 'n');
    await expect(build()).rejects.toMatchObject({ reason: 'build' });
    expect(readdirSync(join(folder, 'build/.cache'))).toEqual([]);
  });

  it('rejects with missing when a tool, or what a tool needs, is not there', async () => {
    writeTemplate(INSTALL, 'no-such-tool');
    await expect(build()).rejects.toMatchObject({ reason: 'missing', message: expect.stringContaining('no-such-tool') });
    write('template/shell/template.yml', 'bundle: { build: [no-such-tool] }');
    await expect(build()).rejects.toMatchObject({ reason: 'missing', message: expect.stringContaining('no-such-tool') });
    expect(bundles()).toEqual([]);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    writeTemplate(INSTALL, 'echo started; sleep 60');
    const abort = new AbortController();
    await expect(build({ signal: abort.signal, report: () => abort.abort(new Error('interrupted')) })).rejects.toThrow('interrupted');
    expect(bundles()).toEqual([]);
  });

  it('keeps the newest three of a function, and those of others', async () => {
    const built: string[] = [];
    await build({ name: 'hello-x' });
    for (let n = 0; n < 5; n++) {
      write('hello/main', `echo ${n}`);
      const { folder: one } = await build();
      // As if a while had passed since.
      utimesSync(one, n, n);
      built.push(basename(one));
    }
    expect(bundles().filter((name) => !name.startsWith('hello-x'))).toEqual(built.slice(2).sort());
    expect(bundles()).toHaveLength(4);
  });

  it('keeps what a gateway runs, however old it is', async () => {
    write('hello/main', 'echo runs');
    const { folder: runs } = await build();
    utimesSync(runs, 0, 0);
    await noteDeployed(folder, 'hello', 'http://one', runs);
    for (let n = 0; n < 5; n++) {
      write('hello/main', `echo ${n}`);
      const { folder: one } = await build();
      utimesSync(one, n + 1, n + 1);
      await noteDeployed(folder, 'hello', 'http://another', one);
    }
    expect(bundles()).toContain(basename(runs));
  });

  it('builds the same at the same time in two processes', async () => {
    write('hello/needs', 'n');
    const [one, two] = await Promise.all([build(), build()]);
    expect(one.folder).toBe(two.folder);
    expect(bundles()).toEqual([basename(one.folder)]);
  });

  it('says which templates make images only', async () => {
    write('hello/Dockerfile');
    await expect(build({ lang: 'dockerfile' })).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('makes images only') });
    rmSync(join(folder, 'template/shell/function.yml'));
    await expect(build()).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('makes images only') });
  });

  it('takes files that are too large to hold', async () => {
    write('hello/data', 'x'.repeat(2 * 1024 * 1024));
    const { folder: first } = await build();
    expect(statSync(join(first, 'function/data')).size).toBe(2 * 1024 * 1024);
    appendFileSync(join(folder, 'hello/data'), 'y');
    expect((await build()).folder).not.toBe(first);
  });
});
