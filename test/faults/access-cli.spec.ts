import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describeWithPrograms } from '../describe-with';
import { Cli } from '../e2e/cli-process';
import { faultRow } from './fault-table';

jest.setTimeout(90_000);

const PASSWORD = 'marker~of~the~login';
const MARKER = 'marker-of-a-file-outside';

/** What a hostile store says, by path. */
const STORES: Readonly<Record<string, (res: ServerResponse) => void>> = {
  '/endless': (res) => {
    const more = () => {
      while (res.write(' '.repeat(64 * 1024)));
      res.once('drain', more);
    };
    more();
  },
  '/bomb': (res) => void res.setHeader('Content-Encoding', 'gzip').end(gzipSync(Buffer.alloc(256 * 1024 * 1024))),
  '/aliases': (res) => {
    const levels = 'abcdefghij'.split('').map((name, i, all) => `${name}: &${name} [${Array(10).fill(i === 0 ? 'x' : `*${all[i - 1]}`).join(', ')}]`);
    res.end(`${levels.join('\n')}\nfunctions: *j\n`);
  },
  '/deep': (res) => void res.end('['.repeat(200_000)),
  '/names': (res) => void res.end(JSON.stringify({ functions: ['../../evil', '/etc/passwd', '--help', 'a/b', '.', ''].map((name) => ({ name, images: { x86_64: 'x' } })) })),
  '/prototype': (res) => void res.end('{"functions":[{"name":"fn","images":{"__proto__":{"x":"y"},"x86_64":"x"},"environment":{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}}]}'),
  '/html': (res) => void res.end('<!doctype html><script>alert(1)</script>'),
};

describe('the command line among strangers', () => {
  let cli: Cli;
  let store: Server;
  let elsewhere: Server;
  const heard: string[] = [];
  const urlOf = (server: Server, login = '') => `http://${login}127.0.0.1:${(server.address() as AddressInfo).port}`;
  const listen = (answer: (req: IncomingMessage, res: ServerResponse) => void) =>
    new Promise<Server>((resolve) => {
      const server = createServer(answer).listen(0, '127.0.0.1', () => resolve(server));
    });

  beforeAll(async () => {
    cli = new Cli();
    elsewhere = await listen((req, res) => {
      heard.push(JSON.stringify([req.url, req.headers]));
      res.end('{"functions":[]}');
    });
    store = await listen((req, res) => {
      const answer = STORES[req.url!];
      if (answer) return answer(res);
      res.writeHead(302, { Location: `${urlOf(elsewhere)}${req.url}` }).end();
    });
  });
  afterAll(() => {
    cli.dispose();
    for (const server of [store, elsewhere]) {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each(Object.keys(STORES))('ends with a reason, soon and small, at the store %s', async (path) => {
    const startedMs = Date.now();
    const { code, stdout, stderr } = await cli.run(['store', 'list', '--url', `${urlOf(store)}${path}`]);
    expect({ path, code, said: stderr.length > 0 }).toEqual({ path, code: expect.any(Number), said: true });
    expect({ path, listed: code === 0 }).toEqual({ path, listed: false });
    expect(stdout + stderr).not.toMatch(/\n {4}at |heap|RangeError|TypeError/);
    expect((stdout + stderr).length).toBeLessThan(20_000);
    expect(Date.now() - startedMs).toBeLessThan(60_000);
  });

  it('takes a login to no other server than the one that it is for, and tells it to nobody', async () => {
    const login = `owner:${encodeURIComponent(PASSWORD)}@`;
    const { stdout, stderr } = await cli.run(['store', 'list', '--url', `${urlOf(store, login)}/moved`]);
    const failed = await cli.run(['store', 'list', '--url', `http://${login}127.0.0.1:1/`]);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.join()).not.toMatch(/authorization/i);
    // The same of a gateway: nobody is followed.
    heard.length = 0;
    const folder = join(cli.folder, '.shoal');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.yml'), `auths:\n  - gateway: ${urlOf(store)}\n    auth: basic\n    token: ${Buffer.from(`owner:${PASSWORD}`).toString('base64')}\n`, { mode: 0o600 });
    const ended = [await cli.run(['list', '--gateway', urlOf(store)]), await cli.run(['describe', 'fn', '--gateway', urlOf(store)]), await cli.run(['invoke', 'fn', '--gateway', urlOf(store)])];
    expect(heard).toEqual([]);
    for (const text of [stdout, stderr, failed.stdout, failed.stderr, ...ended.flatMap((one) => [one.stdout, one.stderr])]) expect(text).not.toMatch(new RegExp(`${PASSWORD}|${Buffer.from(`owner:${PASSWORD}`).toString('base64')}`));
  });

  it('makes no function outside of its folder', async () => {
    const project = join(cli.folder, 'deep/project');
    mkdirSync(project, { recursive: true });
    const outside = join(cli.folder, 'evil-outside');
    // Two levels deep, so that both of those that climb would still land in a folder of this spec.
    for (const name of ['../evil', '../../evil', outside, 'a/b', '..', '.', '-x', 'x\0', 'A', 'x'.repeat(300)]) {
      if (name.includes('\0')) continue; // No system passes that on.
      const { code } = await cli.run(['new', '--lang', 'node', '--', name], { cwd: project });
      expect({ name, code: code === 0 }).toEqual({ name, code: false });
    }
    expect(readdirSync(cli.folder, { recursive: true }).filter((name) => String(name).includes('evil'))).toEqual([]);
    expect(readdirSync(project)).toEqual([]);
    expect((await cli.run(['new', '--lang', 'node', '--', 'good'], { cwd: project })).code).toBe(0);
    expect(readdirSync(project)).toContain('good');
  });

  describeWithPrograms('templates', ['git'], 'git', () => {
    it('that lead out of their folder are not copied, and nothing of theirs is run', async () => {
      const outside = join(cli.folder, 'outside');
      writeFileSync(outside, MARKER);
      const repository = join(cli.folder, 'repository');
      const template = join(repository, 'template/evil');
      const links: Readonly<Record<string, string>> = { absolute: outside, relative: '../../../outside', folder: '/etc', nowhere: '/nowhere/at/all', itself: '.', 'through-git': '../../.git/config' };
      const git = (...args: string[]) => execFileSync('git', ['-C', repository, '-c', 'user.name=x', '-c', 'user.email=x@example.invalid', ...args], { stdio: 'pipe', env: { PATH: process.env['PATH'], HOME: cli.folder } });
      mkdirSync(template, { recursive: true });
      git('init', '-q', '-b', 'main');
      let tried = 0;
      for (const [name, target] of Object.entries(links)) {
        writeFileSync(join(template, 'template.yml'), 'language: evil\n');
        symlinkSync(target, join(template, name));
        git('add', '-A');
        git('commit', '-qm', name);
        for (const source of [repository, `file://${repository}`]) {
          const project = join(cli.folder, `project-${tried++}`);
          mkdirSync(project);
          const { code, stderr } = await cli.run(['template', 'pull', source], { cwd: project });
          // A link to the folder itself leads nowhere else, but has no end.
          const copied = existsSync(join(project, 'template/evil'));
          expect({ name, source, refused: code !== 0 && /link that leads out/.test(stderr), copied }).toEqual({ name, source, refused: true, copied: false });
        }
        git('rm', '-q', '--cached', `template/evil/${name}`);
        execFileSync('rm', [join(template, name)]);
      }
      // Programs that Git would run, were the repository ours.
      for (const hook of ['post-checkout', 'post-merge', 'pre-commit']) writeFileSync(join(repository, '.git/hooks', hook), `#!/bin/sh\ntouch ${join(cli.folder, 'hook-ran')}\n`, { mode: 0o755 });
      writeFileSync(join(template, 'run.sh'), 'exit 1\n', { mode: 0o4777 });
      git('add', '-A');
      git('commit', '-qm', 'harmless', '--no-verify');
      const project = join(cli.folder, 'project-last');
      mkdirSync(project);
      expect(await cli.run(['template', 'pull', `file://${repository}`], { cwd: project })).toMatchObject({ code: 0 });
      expect(existsSync(join(cli.folder, 'hook-ran'))).toBe(false);
      expect(existsSync(join(project, 'template/evil/.git'))).toBe(false);
      expect(statSync(join(project, 'template/evil/run.sh')).mode & 0o7000).toBe(0);
      const ran = join(cli.folder, 'ran');
      // Git itself would run it, were it permitted.
      const control = `${ran}-control`;
      spawnSync('git', ['-c', 'protocol.ext.allow=always', 'ls-remote', `ext::sh -c touch% ${control}`], { env: { PATH: process.env['PATH'], HOME: cli.folder } });
      expect(existsSync(control)).toBe(true);
      for (const source of [`ext::sh -c touch% ${ran}`, `--upload-pack=touch ${ran}`, '-x', 'file:///nowhere', 'https://127.0.0.1:1/x.git#--upload-pack=x']) expect((await cli.run(['template', 'pull', '--', source], { cwd: project })).code).not.toBe(0);
      expect(existsSync(ran)).toBe(false);
      expect(readFileSync(outside, 'utf8')).toBe(MARKER);
      faultRow({ area: 'access', done: 'hostile stores, gateways that lead elsewhere, and templates that lead out, to the command line', times: `${Object.keys(STORES).length} stores, ${tried} pulls`, lost: 'nothing', seen: 'an error that says why' });
    });
  });
});
