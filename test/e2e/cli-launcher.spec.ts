import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
/** It may build first. */
const START_MS = 60_000;

describe('./shoal', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shoal-launcher-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (path = process.env['PATH']) =>
    new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
      execFile(join(folder, 'shoal'), ['--version'], { cwd: folder, env: { ...process.env, PATH: path } }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
    });

  it('runs by a link, from anywhere', async () => {
    symlinkSync(join(root, 'shoal'), join(folder, 'shoal'));
    expect(await start()).toMatchObject({ code: 0, stdout: `${version}\n` });
  }, START_MS);

  it('says which Node it needs', async () => {
    symlinkSync(join(root, 'shoal'), join(folder, 'shoal'));
    const old = join(folder, 'old.cjs');
    writeFileSync(old, "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } });");
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/node'), `#!/bin/sh\nexec "${process.execPath}" --require "${old}" "$@"\n`, { mode: 0o755 });
    expect(await start(`${join(folder, 'bin')}:${process.env['PATH']}`)).toEqual({ code: 1, stdout: '', stderr: 'Shoal needs Node 20.19 or newer; this is 18.20.8.\n' });
  }, START_MS);
});
