import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { GatewayProcess } from '../e2e/gateway-process';
import { ClockFile } from './clock-file';
import { faultRow } from './fault-table';
import { expectCallsToGoOn, fill, get, inventory, writeKeeper, type FilledCalls } from './filled-gateway';

jest.setTimeout(120_000);

const FIXTURES = join(__dirname, 'fixtures');
/** The first with a queue, and the last before directories told who had opened them. */
const COMMITS = [
  // An `Idempotency-Key` has led to another id there.
  { commit: 'd545c81', keys: false },
  { commit: 'f0a9296', keys: true },
];

/** What is beside a data directory in a fixture. */
interface Known {
  readonly commit: string;
  readonly madeMs: number;
  readonly password: string;
  readonly calls: FilledCalls;
  readonly inventory: Awaited<ReturnType<typeof inventory>>;
}

const folder = mkdtempSync(join(tmpdir(), 'shoal-upgrade-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With SHOAL_FIXTURE_OF=FOLDER, a built checkout of an older commit: writes a data directory that its gateway has filled. */
const checkout = process.env['SHOAL_FIXTURE_OF'];
const describeMaking = checkout === undefined ? () => undefined : describe;
describeMaking('a fixture', () => void it('is made', async () => {
  const commit = execFileSync('git', ['rev-parse', '--short=7', 'HEAD'], { cwd: checkout, encoding: 'utf8' }).trim();
  const home = join(folder, 'home');
  writeKeeper(join(home, 'bundles/keeper'));
  const gateway = await GatewayProcess.start({ basic_auth: 'true' }, home, { program: join(checkout!, 'dist/gateway/main.cjs') });
  const calls = await fill(gateway, 'keeper');
  const known: Known = { commit, madeMs: Date.now(), password: gateway.password, calls, inventory: await inventory(gateway, calls) };
  await gateway.stop('SIGKILL'); // So that a call is still under way.
  rmSync(join(home, 'run'), { recursive: true });
  writeFileSync(join(folder, 'known.json'), JSON.stringify(known, null, 1));
  mkdirSync(FIXTURES, { recursive: true });
  execFileSync('tar', ['-czf', join(FIXTURES, `data-directory-${commit}.tgz`), '-C', folder, 'known.json', 'home']);
}));

describe.each(COMMITS)('a data directory of commit $commit', ({ commit, keys }) => {
  const name = `data-directory-${commit}.tgz`;
  const place = join(folder, name);
  const home = join(place, 'home');
  let known: Known;

  beforeAll(() => {
    mkdirSync(place);
    execFileSync('tar', ['-xzf', join(FIXTURES, name), '-C', place]);
    known = JSON.parse(readFileSync(join(place, 'known.json'), 'utf8')) as Known;
  });

  it('opens: everything is there, and calls go on', async () => {
    // At the time of the fixture: what has ended is kept for some time only.
    const clock = new ClockFile();
    clock.shift(known.madeMs - Date.now());
    const gateway = await GatewayProcess.start({ basic_auth: 'true', ...clock.env }, home);
    try {
      Object.assign(gateway, { authorization: () => ({ Authorization: `Basic ${Buffer.from(`admin:${known.password}`).toString('base64')}` }) });
      expect(await inventory(gateway, known.calls)).toEqual(known.inventory);
      expect(await get(gateway, `/async-function/calls/${known.calls.retrying}`)).toMatchObject({ state: 'retrying', attempts: 1 });
      await gateway.until(async () => (await get<{ availableReplicas: number }>(gateway, '/system/function/keeper')).availableReplicas > 0);
      await expectCallsToGoOn(gateway, known.calls, join(home, 'bundles/keeper'), { keys });
      faultRow({ area: 'upgrade', done: `a data directory that commit ${known.commit} has left behind, killed, is opened`, times: `5 functions, 2 secrets, ${4 + known.calls.waiting.length + 1} calls`, lost: 'nothing', seen: 'all as it was; what had not ended ran' });
    } finally {
      await gateway.stop('SIGKILL');
      clock.dispose();
    }
  });
});

describe('a data directory of a newer version', () => {
  const newer = join(folder, 'newer');
  /** Each file with its mode, time and content. */
  const everything = () =>
    Object.fromEntries(
      readdirSync(newer, { recursive: true, encoding: 'utf8' }).map((path) => {
        const found = statSync(join(newer, path));
        return [path, [found.mode, found.isFile() ? found.mtimeMs : 0, found.isFile() ? readFileSync(join(newer, path)).toString('base64') : '']];
      }),
    );
  const startAnd = async (home: string) => {
    try {
      const gateway = await GatewayProcess.start({ basic_auth: 'true' }, home);
      await gateway.stop();
      return 'it started';
    } catch (error) {
      return (error as Error).message;
    }
  };

  beforeAll(async () => {
    const gateway = await GatewayProcess.start({ basic_auth: 'true' }, newer);
    await gateway.deploy('cat', { envProcess: 'cat' });
    await gateway.stop();
  });

  it('is refused with one sentence that names both, before anything is touched', async () => {
    const settings = JSON.parse(readFileSync(join(newer, 'settings.json'), 'utf8')) as object;
    writeFileSync(join(newer, 'settings.json'), JSON.stringify({ ...settings, version: 3, release: '7.0.0', more: [1] }));
    rmSync(join(newer, 'admin.json')); // Would be made.
    const before = everything();
    expect(await startAnd(newer)).toMatch(
      /^ended with code 1: The data directory \S+ was written by Shoal 7\.0\.0 with layout 3, and this is Shoal \d\S+, which knows layouts up to 2: nothing was changed; use that version or a newer one\.\n$/,
    );
    expect(everything()).toEqual(before);
    faultRow({ area: 'upgrade', done: 'a data directory of a newer layout', times: '1', lost: 'nothing', seen: 'one sentence with both versions; not a byte changed' });
  });

  it('is refused also when only its queue is newer', async () => {
    const home = join(folder, 'newer-queue');
    cpSync(newer, home, { recursive: true });
    const settings = JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8')) as object;
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ ...settings, version: 1 }));
    const root = openLmdb({ path: join(home, 'queue/queue.mdb'), noSubdir: true, maxDbs: 16 });
    await root.openDB({ name: 'meta', encoder: { useRecords: false } } as never).put('layout', 3);
    await root.close();
    expect(await startAnd(home)).toMatch(/^ended with code 1: The queue for asynchronous calls cannot be opened \(the queue in \S+ cannot be opened: its layout is 3, and this version knows 2 only: .+\).*\.\n$/);
    expect(existsSync(join(home, 'run', 'cat.openfaas-fn', 'secrets'))).toBe(true);
  });

  it('says so of files that are no settings, and of what is missing in them', async () => {
    for (const [text, says] of [['', 'it is not JSON'], ['{"version":1', 'it is not JSON'], ['[]', 'it says no version'], ['null', 'it says no version'], ['{"version":"1"}', 'it says no version'], ['{"version":1}', 'its instanceId is missing'], ['{"version":1,"instanceId":"../../../../../.."}', 'its instanceId is missing'], ['{"version":0,"instanceId":"0123456789abcdef"}', 'with layout 0'], ['{"version":1e99,"instanceId":"0123456789abcdef"}', 'with layout 1e\\+99']] as const) {
      writeFileSync(join(newer, 'settings.json'), text);
      const said = await startAnd(newer);
      expect({ text, said }).toEqual({ text, said: expect.stringMatching(new RegExp(`^ended with code 1: [^\\n]*${says}[^\\n]*\\.\\n$`)) });
      expect(readFileSync(join(newer, 'settings.json'), 'utf8')).toBe(text);
    }
  });
});
