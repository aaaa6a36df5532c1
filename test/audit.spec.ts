import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// npm takes its time on a busy machine.
jest.setTimeout(120_000);

const LODASH = { version: '4.0.0', license: 'MIT', integrity: 'sha512-AAAA' };
const POLICY = { licences: ['MIT', 'ISC'], licencesOfTools: { 'MPL-2.0': 'of nothing that is delivered' }, licencesOf: {}, installScripts: {}, deprecated: {}, advisories: [] as object[] };
const ACCEPTED = { id: 'GHSA-aaaa-bbbb-cccc', reason: 'not on a path of ours', until: '9999-01-01' };

interface Project {
  readonly entry?: object;
  readonly policy?: object;
  readonly wanted?: string;
  /** What the registry has against the package; without it there is no registry. */
  readonly advisories?: readonly string[];
  readonly args?: readonly string[];
}

describe('npm run audit', () => {
  let registry: Server;
  let advisories: readonly string[] | undefined;

  beforeAll((done) => {
    registry = createServer((req, res) => {
      req.resume();
      if (advisories === undefined) return void res.writeHead(405).end();
      const list = advisories.map((id, i) => ({ id: i + 1, url: `https://advisories.example/${id}`, title: 'it breaks', severity: 'high', vulnerable_versions: '<5.0.0', cvss: { score: 9, vectorString: null }, cwe: [] }));
      res.setHeader('Content-Type', 'application/json');
      if (req.url?.includes('/advisories/bulk')) return void res.end(JSON.stringify(list.length > 0 ? { lodash: list } : {}));
      res.end(JSON.stringify({ name: 'lodash', versions: { '4.0.0': { name: 'lodash', version: '4.0.0' } }, 'dist-tags': { latest: '4.0.0' } }));
    }).listen(0, '127.0.0.1', done);
  });
  afterAll((done) => void registry.close(done));

  async function audit({ entry = LODASH, policy = {}, wanted = '4.0.0', advisories: told, args = [] }: Project): Promise<{ code: number | null; output: string }> {
    advisories = told;
    const folder = mkdtempSync(join(tmpdir(), 'shoal-audit-'));
    const write = (path: string, content: object) => writeFileSync(join(folder, path), JSON.stringify(content));
    mkdirSync(join(folder, 'tools'));
    write('package.json', { name: 'p', version: '1.0.0', dependencies: { lodash: wanted } });
    write('package-lock.json', { name: 'p', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': { name: 'p', version: '1.0.0', dependencies: { lodash: wanted } }, 'node_modules/lodash': entry } });
    write('tools/audit.json', { ...POLICY, ...policy });
    const child = spawn(process.execPath, [join(__dirname, '../tools/audit.mjs'), `--root=${folder}`, ...args], {
      env: { ...process.env, npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`, npm_config_fetch_retries: '0', npm_config_cache: join(folder, 'cache') },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    rmSync(folder, { recursive: true });
    return { code, output };
  }

  it('is content with what keeps to the policy, of which nothing is known', async () => {
    expect(await audit({ advisories: [] })).toEqual({ code: 0, output: expect.stringMatching(/^1 packages: .*; 0 advisories\n$/) });
  });

  it('does not take it for good news when the advisories cannot be had', async () => {
    expect(await audit({})).toEqual({ code: 2, output: expect.stringContaining('ADVISORIES NOT CHECKED') });
    expect(await audit({ args: ['--advisories=if-possible'] })).toEqual({ code: 0, output: expect.stringContaining('ADVISORIES NOT CHECKED') });
  });

  it('fails for an advisory that nobody has accepted, or not any more, or that is of nothing', async () => {
    const told = [ACCEPTED.id];
    expect(await audit({ advisories: told })).toEqual({ code: 1, output: expect.stringContaining(`lodash: ${ACCEPTED.id} (high): it breaks`) });
    expect((await audit({ advisories: told, policy: { advisories: [ACCEPTED] } })).code).toBe(0);
    expect(await audit({ advisories: told, policy: { advisories: [{ ...ACCEPTED, until: '2020-01-01' }] } })).toEqual({ code: 1, output: expect.stringContaining('was accepted until 2020-01-01') });
    expect(await audit({ advisories: told, policy: { advisories: [{ ...ACCEPTED, reason: '' }] } })).toEqual({ code: 1, output: expect.stringContaining('needs id, reason and until') });
    expect(await audit({ advisories: [], policy: { advisories: [ACCEPTED] } })).toEqual({ code: 1, output: expect.stringContaining('of no package any more') });
  });

  it.each<[string, Project, RegExp]>([
    ['a licence that is not in the policy', { entry: { ...LODASH, license: 'GPL-3.0' } }, /licence GPL-3.0/],
    ['no licence', { entry: { ...LODASH, license: undefined } }, /licence unknown/],
    ['a licence of tools in what is delivered', { entry: { ...LODASH, license: 'MPL-2.0' } }, /MPL-2.0 is not in the policy of what we deliver/],
    ['half of a licence', { entry: { ...LODASH, license: 'MIT AND GPL-3.0' } }, /licence MIT AND/],
    ['a licence behind brackets that are allowed', { entry: { ...LODASH, license: '(MIT OR GPL-3.0) AND BUSL-1.1' } }, /licence \(MIT OR GPL/],
    ['a choice whose other half is not allowed, beside another licence', { entry: { ...LODASH, license: 'MIT AND (ISC OR GPL-3.0)' } }, /licence MIT AND/],
    ['an install script', { entry: { ...LODASH, hasInstallScript: true } }, /install script/],
    ['no checksum', { entry: { ...LODASH, integrity: undefined } }, /no checksum/],
    ['a weak checksum', { entry: { ...LODASH, integrity: 'sha1-AAAA' } }, /no checksum/],
    ['Git', { entry: { ...LODASH, resolved: 'git+ssh://git@example.com/a/b.git#abc' } }, /not from registry\.npmjs\.org/],
    ['a file of anybody', { entry: { ...LODASH, resolved: 'https://example.com/registry.npmjs.org/lodash.tgz' } }, /not from registry\.npmjs\.org/],
    ['plain HTTP', { entry: { ...LODASH, resolved: 'http://registry.npmjs.org/lodash/-/lodash-4.0.0.tgz' } }, /not from registry\.npmjs\.org/],
    ['what is deprecated', { entry: { ...LODASH, deprecated: 'use another' } }, /is deprecated: use another/],
    ['a range of versions', { wanted: '^4.0.0' }, /must name one version/],
    ['an exception of what is gone', { policy: { installScripts: { gone: 'a reason' } } }, /no package gone/],
    ['an exception without a reason', { policy: { installScripts: { lodash: '' } } }, /lodash needs a reason/],
  ])('fails for %s', async (_name, project, output) => {
    expect(await audit({ ...project, args: ['--advisories=never'] })).toEqual({ code: 1, output: expect.stringMatching(output) });
  });

  it.each<[string, Project]>([
    ['one of two licences', { entry: { ...LODASH, license: '(GPL-3.0 OR MIT)' } }],
    ['the registry as its source', { entry: { ...LODASH, resolved: 'https://registry.npmjs.org/lodash/-/lodash-4.0.0.tgz' } }],
    ['two licences, and a choice of those that are allowed', { entry: { ...LODASH, license: 'ISC AND (MIT OR ISC)' } }],
    ['two licences', { entry: { ...LODASH, license: 'ISC AND MIT' } }],
    ['a licence of tools in a tool', { entry: { ...LODASH, license: 'MPL-2.0', dev: true } }],
    ['an install script that somebody has looked at', { entry: { ...LODASH, hasInstallScript: true }, policy: { installScripts: { lodash: 'builds itself' } } }],
  ])('is content with %s', async (_name, project) => {
    expect((await audit({ ...project, args: ['--advisories=never'] })).code).toBe(0);
  });
});
