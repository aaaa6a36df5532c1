import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readArchive } from '@shoal/adapters/local/data-directory/read-archive';
import { restoreArchive } from '@shoal/adapters/local/data-directory/restore-archive';
import { pack } from 'tar-stream';
import { createBackUps } from '../../apps/gateway/src/back-up';
import { open } from '../e2e/ask';
import { Cli } from '../e2e/cli-process';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { expectCallsToGoOn, fill, get, inventory, openKeeper, send, stateOf, writeKeeper, type FilledCalls } from './filled-gateway';
import { Random } from './random';

jest.setTimeout(120_000 + howMany({ short: 0, long: 600_000 }));

const DAMAGES = howMany({ short: 150, long: 5_000 });
const RELEASE = '9.9.9';

const folder = mkdtempSync(join(tmpdir(), 'shoal-backup-'));
const cli = new Cli();
afterAll(() => {
  cli.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Files and folders with their modes, and what files hold. */
function tree(home: string): Readonly<Record<string, string>> {
  const paths = readdirSync(home, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const found = statSync(join(home, path));
      const content = found.isFile() ? createHash('sha256').update(readFileSync(join(home, path))).digest('hex') : '';
      return [path, `${(found.mode & 0o777).toString(8)} ${content}`];
    }),
  );
}

const restore = (archive: Buffer, home: string, replace = false) => restoreArchive(Readable.from([archive]), { home, release: RELEASE, replace });

describe('shoal backup and shoal restore', () => {
  const file = join(folder, 'one.tar');
  const project = join(folder, 'project');
  let gateway: GatewayProcess;
  let calls: FilledCalls;
  let before: Awaited<ReturnType<typeof inventory>>;
  let authorization: Record<string, string>;
  let password: string;

  const logIn = async () => expect(await cli.run(['login', '--username', 'admin', '--password-stdin', '--gateway', gateway.url], { input: password })).toMatchObject({ code: 0 });
  const backUp = (...args: readonly string[]) => cli.run(['backup', ...args, '--timeout=2m', '--gateway', gateway.url]);

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    authorization = gateway.authorization();
    password = gateway.password;
    // As `shoal up` makes them: a bundle in somebody's project.
    writeKeeper(join(project, 'build/bundles/Keeper-1'));
    symlinkSync('lib/server.mjs', join(project, 'build/bundles/Keeper-1/linked.mjs'));
    calls = await fill(gateway, join(project, 'build/bundles/Keeper-1'));
    before = await inventory(gateway, calls);
    await logIn();
  });
  afterAll(() => gateway.dispose());

  it('takes all of a gateway along while it takes calls, and none of those fails', async () => {
    let stopped = false;
    const accepted: string[] = [];
    const statuses = new Map<number, number>();
    const load = Array.from({ length: 4 }, async () => {
      while (!stopped) {
        const direct = await send(gateway, 'POST', '/function/cat', 'x');
        const later = await send(gateway, 'POST', '/async-function/cat', 'y');
        for (const { status } of [direct, later]) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (!stopped) accepted.push(later.headers['x-call-id'] as string);
      }
    });
    await gateway.until(() => accepted.length >= 50);
    const sure = [...accepted];
    const { code, stdout, stderr } = await backUp(file);
    stopped = true;
    await Promise.all(load);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    expect(stdout).toBe(`Wrote ${file}: 5 functions, 1 bundle, 2 secrets, the queue.\n`);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect([...statuses.keys()].sort()).toEqual([200, 202]);
    expect(readdirSync(gateway.home)).not.toContain('back-up');

    const home = join(folder, 'other');
    expect(await cli.run(['restore', file, '--home', home])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Restored \S+ of \d{4}-\S+: 5 functions, 1 bundle, 2 secrets, the queue\.\n$/) });
    // Another machine has nothing of the first one.
    await gateway.stop('SIGKILL');
    renameSync(project, `${project}-away`);
    renameSync(gateway.home, `${gateway.home}-away`);
    const other = await GatewayProcess.start({ basic_auth: 'true' }, home);
    try {
      Object.assign(other, { authorization: () => authorization });
      const after = await inventory(other, calls);
      const bundle = (after.functions.find(({ name }) => name === 'keeper')! as { image: string }).image;
      expect(bundle).toMatch(/^b-keeper-1-[0-9a-f]{12}$/);
      const asBefore = after.functions.map((one) => (one.image === bundle ? { ...one, image: join(project, 'build/bundles/Keeper-1') } : one));
      expect({ ...after, functions: asBefore }).toEqual(before);
      expect(await get(other, `/async-function/calls/${calls.retrying}`)).toMatchObject({ state: 'retrying', attempts: 1 });
      for (const id of sure) await other.until(async () => (await stateOf(other, id)) === 'succeeded');
      await expectCallsToGoOn(other, calls, join(home, 'bundles', bundle));
      expect(readFileSync(join(home, 'bundles', bundle, 'linked.mjs'), 'utf8')).toContain('createServer');
      // Neither may end the processes of the other.
      const idOf = (of: string) => (JSON.parse(readFileSync(join(of, 'settings.json'), 'utf8')) as { instanceId: string }).instanceId;
      expect(idOf(home)).not.toBe(idOf(`${gateway.home}-away`));
      faultRow({ area: 'upgrade', done: 'shoal backup while calls come in; restored where nothing else of the first machine is', times: `1 back-up; ${sure.length + 6} calls that had not ended, ${[...statuses.values()].reduce((sum, n) => sum + n, 0)} calls meanwhile`, lost: 'nothing', seen: 'every call answered 200 or 202; what waited runs in the new place' });
    } finally {
      await other.stop();
      renameSync(`${project}-away`, project);
      renameSync(`${gateway.home}-away`, gateway.home);
      await gateway.startAgain();
      Object.assign(gateway, { authorization: () => authorization });
      await logIn();
    }
  });

  it('restores for the eyes of the owner only', () => {
    const all = Object.entries(tree(join(folder, 'other')));
    expect(all.length).toBeGreaterThan(10);
    const modes = all.filter(([path]) => !/^(bundles\/|run|queue\/queue.mdb-lock)/.test(path)).map(([path, mode]) => `${path} ${mode.split(' ')[0]}`);
    for (const line of modes) expect(line).toMatch(/ (600|700)$/);
  });

  it('refuses a place where a gateway runs, and one that holds something unless told; then keeps that', async () => {
    const unchanged = tree(join(folder, 'other'));
    expect(await cli.run(['restore', file, '--replace'], { env: { SHOAL_HOME: gateway.home } })).toMatchObject({ code: 6, stderr: expect.stringMatching(/^Error: a gateway uses the data directory \S+: stop it first\n/) });
    expect(await cli.run(['restore', file, '--home', join(folder, 'other')])).toMatchObject({ code: 6, stderr: expect.stringContaining('holds something already: name another folder, or say --replace') });
    expect(tree(join(folder, 'other'))).toEqual(unchanged);
    const { code, stderr } = await cli.run(['restore', file, '--home', join(folder, 'other'), '--replace']);
    expect(code).toBe(0);
    const aside = /What was there before is in (\S+)\.\n/.exec(stderr)![1]!;
    expect(tree(aside)).toEqual(unchanged);
    expect(tree(join(folder, 'other'))).not.toEqual(unchanged);
    expect(existsSync(join(folder, 'other/gateway.pid'))).toBe(false);
  });

  it('overwrites a file only when told to', async () => {
    writeFileSync(join(folder, 'mine'), 'precious');
    expect(await backUp(join(folder, 'mine'))).toMatchObject({ code: 6, stderr: expect.stringContaining('exists already') });
    expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('precious');
    expect(await backUp(join(folder, 'mine'), '--overwrite')).toMatchObject({ code: 0 });
    expect(statSync(join(folder, 'mine')).size).toBeGreaterThan(10_000);
  });

  it('leaves alone what another one is writing to the same place', async () => {
    const theirs = join(folder, 'shared.tar.part');
    writeFileSync(theirs, 'half of it');
    expect(await backUp(join(folder, 'shared.tar'))).toMatchObject({ code: 0 });
    expect(readFileSync(theirs, 'utf8')).toBe('half of it');
    expect(readdirSync(folder).filter((name) => name.startsWith('shared'))).toEqual(['shared.tar', 'shared.tar.part']);
    rmSync(theirs);
  });

  it('leaves no file behind that is not whole', async () => {
    const missing = join(folder, 'nowhere', 'x.tar');
    expect(await backUp(missing)).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
    expect(await cli.run(['restore', join(folder, 'no-such.tar'), '--home', join(folder, 'x')])).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
    expect(readdirSync(folder).filter((name) => /part|restore-/.test(name))).toEqual([]);
  });

  it('is given to user and password only, and not where authentication is off', async () => {
    const statusOf = async (headers: Record<string, string>) => (await fetch(`${gateway.url}/system/backup`, { headers })).status;
    const signedIn = await fetch(`${gateway.url}/ui/session`, { method: 'POST', body: JSON.stringify({ user: 'admin', password }), headers: { 'Content-Type': 'application/json' } });
    const { token } = (await signedIn.json()) as { token: string };
    const session = { Cookie: signedIn.headers.get('set-cookie')!.split(';')[0]!, 'X-Shoal-Session': token };
    expect((await fetch(`${gateway.url}/system/functions`, { headers: session })).status).toBe(200);
    expect(await statusOf(session)).toBe(401);
    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ Authorization: 'Basic YWRtaW46eA==' })).toBe(401);
    const openGateway = await GatewayProcess.start();
    try {
      const { status, text } = await send(openGateway, 'GET', '/system/backup');
      expect({ status, text }).toEqual({ status: 403, text: expect.stringContaining('basic_auth=true') });
    } finally {
      await openGateway.dispose();
    }
  });

  it('is refused where a swarm keeps everything', async () => {
    const make = createBackUps({ config: { provider: 'swarm', queue: { kind: 'nats' } as never }, data: undefined, queue: undefined });
    await expect(make()).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('docs/backup.md') });
  });

  it('goes on after readers that do not read, and that leave', async () => {
    // More than what fits between the two, so that the gateway has to wait.
    writeFileSync(join(project, 'build/bundles/Keeper-1/large'), randomBytes(16 * 1024 * 1024));
    const rounds = howMany({ short: 5, long: 100 });
    const files = () => readdirSync(`/proc/${gateway.pid}/fd`).length;
    const atFirst = files();
    for (let round = 0; round < rounds; round++) {
      await gateway.until(async () => {
        const answer = await open(gateway.url, 'GET', '/system/backup', { headers: authorization });
        answer.on('error', () => undefined);
        const isFirst = answer.statusCode === 200;
        if (isFirst) expect((await send(gateway, 'GET', '/system/backup')).status).toBe(429);
        answer.destroy();
        return isFirst;
      });
    }
    await gateway.until(() => files() <= atFirst + 2);
    rmSync(join(project, 'build/bundles/Keeper-1/large'));
    expect(await backUp(join(folder, 'after.tar'))).toMatchObject({ code: 0 });
    faultRow({ area: 'upgrade', done: 'readers of a back-up that stop reading and leave', times: `${rounds}`, lost: 'nothing', seen: 'the next back-up is whole; no open file stays' });
    openKeeper(join(project, 'build/bundles/Keeper-1'));
  });

  it(`finds each of ${DAMAGES} damages, or makes the same of the archive`, async () => {
    const random = new Random(faultSeed + 1);
    const archive = readFileSync(file);
    const whole = join(folder, 'whole');
    await restore(archive, whole);
    const told = ({ 'settings.json': _, ...rest }: Readonly<Record<string, string>>) => rest;
    const expected = told(tree(whole));
    let [refused, harmless] = [0, 0];
    for (let i = 0; i < DAMAGES; i++) {
      const at = random.below(archive.length);
      const kind = ['flip', 'cut', 'block away', 'block twice'][i % 4]!;
      const block = at - (at % 512);
      const damagedArchive = Buffer.from(archive);
      damagedArchive[at]! ^= 1 << random.below(8);
      const broken =
        kind === 'flip' ? damagedArchive : kind === 'cut' ? archive.subarray(0, at) : Buffer.concat([archive.subarray(0, kind === 'block twice' ? block + 512 : block), archive.subarray(kind === 'block twice' ? block : block + 512)]);
      const home = join(folder, `damaged-${i}`);
      const error = await restore(broken, home).then(() => undefined, (reason: unknown) => reason as Error);
      if (error) {
        expect({ kind, at, message: error.message }).toEqual({ kind, at, message: expect.stringMatching(/^the back-up (is damaged \(.+\): nothing was changed; use another one|was )/s) });
        expect(existsSync(home)).toBe(false);
        refused++;
      } else {
        expect({ kind, at, tree: told(tree(home)) }).toEqual({ kind, at, tree: expected });
        rmSync(home, { recursive: true });
        harmless++;
      }
    }
    expect(readdirSync(folder).filter((name) => name.includes('restore-'))).toEqual([]);
    expect(refused).toBeGreaterThan(0);
    faultRow({ area: 'upgrade', done: `back-ups with a bit flipped, cut off, or with a block missing or twice (seed ${faultSeed})`, times: `${DAMAGES}`, lost: 'nothing', seen: `${refused} refused with a sentence, nothing changed; ${harmless} (padding, times) gave the same directory` });
  });

  describe('of an archive that somebody has made up', () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    type Entry = { readonly name: string; readonly content?: string; readonly type?: 'file' | 'symlink' | 'link' | 'directory'; readonly linkname?: string };
    const archiveOf = async (entries: readonly Entry[], manifest: object = {}) => {
      const tar = pack();
      for (const { name, content = '', type = 'file', linkname } of entries) tar.entry({ name, type, linkname, mode: 0o4777 }, content);
      const files = entries.map(({ name, content = '', linkname }) => ({ path: name, bytes: content.length, sha256: sha256(linkname ?? content) }));
      tar.entry({ name: 'manifest.json' }, JSON.stringify({ format: 1, layout: 1, release: '1.2.3', madeAt: '2026-01-01T00:00:00Z', queue: 'none', samplesDeployed: false, files, ...manifest }));
      tar.finalize();
      const chunks: Buffer[] = [];
      for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks);
    };

    it.each<readonly [string, readonly Entry[]]>([
      ['a path that climbs', [{ name: 'functions/../../../evil.json', content: '{}' }]],
      ['a path from the root', [{ name: '/evil.json', content: '{}' }]],
      ['a bundle that climbs', [{ name: 'bundles/../../evil', content: '{}' }]],
      ['a secret that is a link', [{ name: 'secrets/a/b.secret', type: 'symlink', linkname: '/etc/passwd' }]],
      ['a hard link', [{ name: 'bundles/a/b', type: 'link', linkname: '/etc/passwd' }]],
      ['settings of its own', [{ name: 'settings.json', content: '{}' }]],
      ['a lock', [{ name: 'gateway.pid', content: '1' }]],
      ['a file that is there twice', [{ name: 'admin.json', content: '{}' }, { name: 'admin.json', content: '{}' }]],
      ['a folder and a file of one name', [{ name: 'bundles/a', content: '' }, { name: 'bundles/a/b', content: '' }]],
    ])('refuses %s, and writes nothing', async (_, entries) => {
      const home = join(folder, 'made-up');
      await expect(restore(await archiveOf(entries), home)).rejects.toThrow();
      expect(existsSync(home)).toBe(false);
      expect(readdirSync(folder).filter((name) => /evil|restore-/.test(name))).toEqual([]);
    });

    it('writes nothing through a link', async () => {
      const home = join(folder, 'made-up');
      mkdirSync(join(folder, 'outside'));
      await expect(restore(await archiveOf([{ name: 'bundles/a/l', type: 'symlink', linkname: join(folder, 'outside') }, { name: 'bundles/a/l/evil', content: 'x' }]), home)).rejects.toThrow();
      expect(readdirSync(join(folder, 'outside'))).toEqual([]);
      expect(existsSync(home)).toBe(false);
    });

    it.each(['first', 'last'])('makes no link through another one, which comes %s', async (order) => {
      const victim = join(folder, `victim-${order}`);
      mkdirSync(victim);
      const links: readonly Entry[] = [{ name: 'bundles/x', type: 'symlink', linkname: victim }, { name: 'bundles/x/sub/evil', type: 'symlink', linkname: '/etc/passwd' }];
      const archive = await archiveOf(order === 'first' ? links : [...links].reverse());
      await expect(restore(archive, join(folder, 'made-up'))).rejects.toThrow(/^the back-up is damaged \(bundles\/x\S* is (in bundles\/x, which is no folder|there twice)\): nothing was changed/);
      expect(readdirSync(victim)).toEqual([]);
      // What `shoal backup` checks its file with.
      await expect(readArchive(Readable.from([archive]), RELEASE, async () => undefined)).rejects.toThrow('bundles/x');
    });

    it('refuses those of newer versions with one sentence that names both', async () => {
      const of = async (manifest: object) => restore(await archiveOf([], manifest), join(folder, 'newer')).then(() => 'it was restored', (error: Error) => error.message);
      expect(await of({ layout: 3 })).toBe('the back-up was written by Shoal 1.2.3 with layout 3, and this is Shoal 9.9.9, which knows layouts up to 2: nothing was changed; use that version or a newer one');
      expect(await of({ format: 2 })).toBe('the back-up was made by Shoal 1.2.3 in format 2, and this is Shoal 9.9.9, which knows formats up to 1: nothing was changed; use that version or a newer one');
      expect(existsSync(join(folder, 'newer'))).toBe(false);
    });

    it('takes no set-user-id bits along, and keeps to itself what is private', async () => {
      const home = join(folder, 'modes');
      await restore(await archiveOf([{ name: 'bundles/a/run', content: 'x' }, { name: 'secrets/a/b.secret', content: 'x' }]), home);
      expect((statSync(join(home, 'bundles/a/run')).mode & 0o7777).toString(8)).toBe('777');
      expect((statSync(join(home, 'secrets/a/b.secret')).mode & 0o7777).toString(8)).toBe('600');
      expect((statSync(home).mode & 0o7777).toString(8)).toBe('700');
    });
  });
});
