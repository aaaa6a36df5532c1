import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { handlerDigest, imageName, readGitFacts, TAG_MODES } from './image-name';

const facts = { git: { shortSha: '1a2b3c4', branch: 'feature/x', describe: 'v1-2-g1a2b3c4' }, handlerDigest: '0123' };

describe('imageName()', () => {
  it.each([
    ['hello', 'latest', 'hello:latest'],
    ['me/hello:1.0', 'latest', 'me/hello:1.0'],
    ['localhost:5000/hello', 'latest', 'localhost:5000/hello:latest'],
    ['me/hello', 'sha', 'me/hello:latest-1a2b3c4'],
    ['localhost:5000/me/hello:1.0', 'sha', 'localhost:5000/me/hello:1.0-1a2b3c4'],
    ['hello:1', 'branch', 'hello:1-feature-x-1a2b3c4'],
    ['hello', 'describe', 'hello:latest-v1-2-g1a2b3c4'],
    ['hello:1', 'digest', 'hello:0123'],
    ['localhost:5000/hello', 'digest', 'localhost:5000/hello:0123'],
    ['localhost:5000/hello:1', 'digest', 'localhost:5000/hello:0123'],
  ] as const)('of %s with %s is %s', (image, mode, name) => {
    expect(imageName(image, mode, facts)).toBe(name);
  });

  it.each(['sha', 'branch', 'describe'] as const)('needs a Git repository for %s', (mode) => {
    expect(() => imageName('hello', mode, {})).toThrow(expect.objectContaining({ reason: 'usage', message: `--tag ${mode} names images after a commit, and there is none here` }));
  });

  it('refuses an image that is named by its digest', () => {
    expect(() => imageName('hello@sha256:00', 'latest', facts)).toThrow(expect.objectContaining({ reason: 'usage' }));
  });

  it('makes a tag that Docker takes of any branch', () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom(...TAG_MODES), (branch, mode) => {
      expect(imageName('localhost:5000/a', mode, { ...facts, git: { ...facts.git, branch } })).toMatch(/^localhost:5000\/a:[\w.-]{1,128}$/);
    }));
  });
});

describe('readGitFacts()', () => {
  it('tells about the commit, and nothing where there is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-git-'));
    const git = (...args: readonly string[]) => execFileSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args], { stdio: 'pipe' });
    expect(await readGitFacts(folder)).toBeUndefined();
    git('init', '--quiet', '--initial-branch=work');
    expect(await readGitFacts(folder)).toBeUndefined();
    git('commit', '--quiet', '--allow-empty', '--message=x');
    git('tag', 'v1');
    expect(await readGitFacts(folder)).toEqual({ shortSha: expect.stringMatching(/^[0-9a-f]{7,}$/), branch: 'work', describe: 'v1' });
    rmSync(folder, { recursive: true });
  });
});

describe('handlerDigest()', () => {
  it('changes with names and contents only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-digest-'));
    writeFileSync(join(folder, 'a'), '1');
    const first = await handlerDigest(folder);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    mkdirSync(join(folder, 'node_modules'));
    writeFileSync(join(folder, 'node_modules/x'), '');
    expect(await handlerDigest(folder)).toBe(first);
    writeFileSync(join(folder, 'a'), '2');
    expect(await handlerDigest(folder)).not.toBe(first);
    rmSync(folder, { recursive: true });
  });
});
