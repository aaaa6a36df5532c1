import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { restoreArchive } from './restore-archive';

const empty = async () => {
  const tar = pack();
  tar.entry({ name: 'manifest.json' }, JSON.stringify({ format: 1, layout: 1, release: '1', madeAt: '2026-01-01T00:00:00Z', queue: 'none', samplesDeployed: false, files: [] }));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Readable.from([Buffer.concat(chunks)]);
};

describe('restoreArchive', () => {
  let folder: string;
  let home: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-restore-'));
    home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(join(home, 'mine'), 'precious');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const restore = async () => restoreArchive(await empty(), { home, release: '1', replace: true });
  /** Runs once what was there has been moved aside, and before the new one is moved. */
  const between = (disturb: () => void) => {
    const look = () => (readdirSync(folder).some((name) => name.includes('.before-')) ? disturb() : setImmediate(look));
    look();
  };
  const namesOf = (part: string) => readdirSync(folder).filter((name) => name.includes(part));

  it('gives what was there its place again when the new one cannot take it', async () => {
    between(() => rmSync(join(folder, namesOf('.restore-')[0]!), { recursive: true }));
    await expect(restore()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(home)).toEqual(['mine']);
    expect(readdirSync(folder)).toEqual(['home']);
  });

  it('says where it is when it cannot go back either', async () => {
    between(() => {
      mkdirSync(home);
      writeFileSync(join(home, 'theirs'), '');
    });
    const { message } = await restore().then(() => new Error('it was restored'), (error: Error) => error);
    const before = join(folder, namesOf('.before-')[0]!);
    expect(message).toBe(`what was in ${home} is in ${before} now, and whole: the new directory could not take its place (ENOTEMPTY), nor could that go back (ENOTEMPTY); move it back yourself`);
    expect(readFileSync(join(before, 'mine'), 'utf8')).toBe('precious');
    expect(readdirSync(home)).toEqual(['theirs']);
    expect(namesOf('.restore-')).toEqual([]);
  });

  it.each([['filled', true], ['empty', false]])('says of a %s folder that is mounted from the same disk that it is one of its own', async (_, filled) => {
    if (!filled) rmSync(join(home, 'mine'));
    // Only root may mount.
    if (spawnSync('mount', ['--bind', home, home]).status !== 0) return;
    try {
      await expect(restore()).rejects.toMatchObject({ code: 'already-exists', message: `${home} is a disk of its own, which cannot be replaced as a whole: restore into a folder on it, and set SHOAL_HOME to that` });
      expect(existsSync(join(home, 'mine'))).toBe(filled);
      expect(existsSync(join(home, 'gateway.pid'))).toBe(false);
    } finally {
      spawnSync('umount', [home]);
    }
  });
});
