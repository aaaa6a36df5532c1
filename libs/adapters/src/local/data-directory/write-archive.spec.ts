import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { restoreArchive } from './restore-archive';
import { writeArchive } from './write-archive';

describe('writeArchive', () => {
  let folder: string;
  let home: string;
  let warned: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-archive-'));
    home = join(folder, 'home');
    warned = [];
    mkdirSync(home);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (path: string, text = 'x') => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  const functionOf = (image: string) => JSON.stringify({ spec: { image } });
  const backUp = () => writeArchive({ home, release: '1', madeAt: new Date(), queue: 'none', queueCopy: undefined, samplesDeployed: true, warn: (text) => warned.push(text) });
  /** A back-up is of use only when it can be restored. */
  const restored = async (archive?: Awaited<ReturnType<typeof backUp>>) => {
    const place = join(folder, 'restored');
    await restoreArchive(archive ?? (await backUp()), { home: place, release: '1', replace: false });
    return (path: string) => readFileSync(join(place, path), 'utf8');
  };
  const imageOf = (text: string) => (JSON.parse(text) as { spec: { image: string } }).spec.image;

  it('leaves out what has no place in a data directory, and says so', async () => {
    const strays = ['functions/copy.json', 'functions/a/b/c.json', 'secrets/loose.secret', 'functions/a\\b.json'];
    for (const path of strays) put(path);
    put('functions/a/b.json', functionOf('none'));
    const read = await restored();
    expect(imageOf(read('functions/a/b.json'))).toBe('none');
    for (const path of strays) {
      expect(() => read(path)).toThrow('ENOENT');
      expect(warned).toContain(`${join(home, path)} is not in the back-up: it has no place in a data directory; move it to where it belongs`);
    }
    expect(warned).toHaveLength(strays.length);
  });

  it('takes bundles along whatever their files are called', async () => {
    const odd = ['a\\b.txt', '..\\..\\c', 'line\nbreak', ' ', '...', 'ü'.repeat(120)];
    for (const name of odd) put(`bundles/f/${name}`, name);
    const read = await restored();
    for (const name of odd) expect(read(`bundles/f/${name}`)).toBe(name);
    expect(warned).toEqual([]);
  });

  it('names a bundle so that it is found, also one that has a place here already', async () => {
    put('bundles/MyFunc/function.yml', 'command: one\n');
    put('bundles/plain/function.yml', 'command: two\n');
    put('functions/a/named.json', functionOf(join(home, 'bundles/MyFunc')));
    put('functions/a/plain.json', functionOf(join(home, 'bundles/plain')));
    const read = await restored();
    expect(imageOf(read('functions/a/plain.json'))).toBe('plain');
    const image = imageOf(read('functions/a/named.json'));
    expect(image).toMatch(/^b-myfunc-[0-9a-f]{12}$/);
    expect(read(`bundles/${image}/function.yml`)).toBe('command: one\n');
  });

  it('brings a folder under another name where a back-up has brought it before', async () => {
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'function.yml'), 'command: new\n');
    put('functions/a/f.json', functionOf(project));
    const first = await restored();
    const before = imageOf(first('functions/a/f.json'));
    rmSync(join(folder, 'restored'), { recursive: true });
    put(`bundles/${before}/function.yml`, 'command: old\n');
    const read = await restored();
    expect(imageOf(read('functions/a/f.json'))).toBe(`${before}-2`);
    expect(read(`bundles/${before}/function.yml`)).toBe('command: old\n');
    expect(read(`bundles/${before}-2/function.yml`)).toBe('command: new\n');
  });

  it('leaves out a function that was removed, with its secret, while others were read', async () => {
    put('functions/a/f.json', functionOf('none'));
    put('secrets/a/s.secret');
    // Whoever opens it for writing waits for who reads it, which is after functions were read.
    execFileSync('mkfifo', [join(home, 'secrets/a/first.secret')]);
    const archive = backUp();
    const pipe = await open(join(home, 'secrets/a/first.secret'), 'w');
    unlinkSync(join(home, 'functions/a/f.json'));
    unlinkSync(join(home, 'secrets/a/s.secret'));
    await pipe.close();
    const read = await restored(await archive);
    expect(read('secrets/a/first.secret')).toBe('');
    for (const path of ['functions/a/f.json', 'secrets/a/s.secret']) expect(() => read(path)).toThrow('ENOENT');
  });

  it('takes links of a bundle as links', async () => {
    put('bundles/f/a');
    symlinkSync('a', join(home, 'bundles/f/b'));
    expect((await restored())('bundles/f/b')).toBe('x');
  });
});
