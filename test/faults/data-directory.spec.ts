import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from '@shoal/adapters/local/data-directory/directory-lock';
import { buildSync } from 'esbuild';
import { describeWithPrograms } from '../describe-with';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { get, send, stateOf } from './filled-gateway';
import { Random } from './random';

jest.setTimeout(120_000 + howMany({ short: 0, long: 300_000 }));

const main = join(__dirname, '../../dist/gateway/main.cjs');
const DAMAGED = howMany({ short: 60, long: 1_000 });
const STARTERS = 4;
/** Processes that spin for the same moment: with more of them than processors, hardly any two would meet. */
const RACERS = 2;
/** Calls that wait when the data directory goes. */
const WAITING = howMany({ short: 30, long: 300 });
const LOCK_RACES = howMany({ short: 200, long: 2_000 });
const ROUND_MS = 4;
const RACES = howMany({ short: 1, long: 20 });

const folder = mkdtempSync(join(tmpdir(), 'shoal-directory-'));
const pristine = join(folder, 'pristine');
let copies = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A directory of its own, with everything in it. */
const copy = () => {
  const home = join(folder, `home-${copies++}`);
  cpSync(pristine, home, { recursive: true });
  return home;
};

/** Of a start that ends. */
const refusal = (home: string, env: Record<string, string> = {}) =>
  GatewayProcess.start({ basic_auth: 'true', ...env }, home).then(
    async (gateway) => {
      await gateway.stop('SIGKILL');
      return `it started: ${gateway.output}`;
    },
    (error: Error) => error.message,
  );

let authorization: Record<string, string>;
async function start(home: string): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ basic_auth: 'true' }, home);
  return Object.assign(gateway, { authorization: () => authorization });
}

beforeAll(async () => {
  const gateway = await GatewayProcess.start({ basic_auth: 'true' }, pristine);
  authorization = gateway.authorization();
  await send(gateway, 'POST', '/system/namespace', { name: 'staging', labels: { openfaas: '1' } });
  await send(gateway, 'POST', '/system/secrets', { name: 'token', value: 'secret' });
  await gateway.deploy('cat', { envProcess: 'cat', labels: { a: 'b' }, secrets: ['token'] });
  await gateway.deploy('cat2', { envProcess: 'cat', labels: { a: 'b' } });
  mkdirSync(join(folder, 'bundled'));
  writeFileSync(join(folder, 'bundled/function.yml'), 'command: cat\n');
  await gateway.deploy('bundled', { image: join(folder, 'bundled') });
  await gateway.stop();
});

const answers = async (gateway: GatewayProcess, name: string) => {
  await gateway.until(async () => (await send(gateway, 'POST', `/function/${name}`, 'x')).text === 'x');
};

describe('the file of a function', () => {
  const whole = () => JSON.parse(readFileSync(join(pristine, 'functions/openfaas-fn/cat.json'), 'utf8')) as { spec: Record<string, unknown>; replicas: number };
  const withSpec = (changes: object) => JSON.stringify({ ...whole(), spec: { ...whole().spec, ...changes } });

  it('keeps only its own function from running, whatever is in it', async () => {
    const home = copy();
    const at = (name: string) => join(home, 'functions/openfaas-fn', `${name}.json`);
    const named = (name: string, changes: object) => withSpec({ id: { name, namespace: 'openfaas-fn' }, ...changes });
    const bad: Readonly<Record<string, string>> = {
      empty: '',
      garbage: '\0\u0001garbage{{{',
      cut: JSON.stringify(whole()).slice(0, 100),
      null: 'null',
      list: '[]',
      number: '5',
      'no-spec': '{"replicas":1,"createdAt":"2026-01-01T00:00:00Z"}',
      'no-id': withSpec({ id: undefined }),
      'no-namespace': withSpec({ id: { name: 'no-namespace' } }),
      'other-name': withSpec({ id: { name: 'cat', namespace: 'openfaas-fn' } }),
      climbs: withSpec({ id: { name: '../../evil', namespace: 'openfaas-fn' } }),
      labels: named('labels', { labels: null }),
      'label-number': named('label-number', { labels: { a: 1 } }),
      'bad-scale': named('bad-scale', { labels: { 'com.openfaas.scale.min': 'many' } }),
      annotations: named('annotations', { annotations: 'x' }),
      'env-list': named('env-list', { envVars: [] }),
      'secrets-text': named('secrets-text', { secrets: 'token' }),
      'secret-climbs': named('secret-climbs', { secrets: ['../../../../etc/passwd'] }),
      image: named('image', { image: { evil: true } }),
      limits: named('limits', { limits: { memory: 5 } }),
      replicas: JSON.stringify({ ...(JSON.parse(named('replicas', {})) as object), replicas: -1 }),
      'replicas-text': JSON.stringify({ ...(JSON.parse(named('replicas-text', {})) as object), replicas: '1' }),
      'created-at': JSON.stringify({ ...(JSON.parse(named('created-at', {})) as object), createdAt: 5 }),
      'proto': '{"__proto__":{"spec":{}}}',
      deep: '['.repeat(100_000),
    };
    for (const [name, text] of Object.entries(bad)) writeFileSync(at(name), text);
    mkdirSync(at('folder'));
    symlinkSync('/dev/null', at('link-null'));
    symlinkSync(join(folder, 'nowhere'), at('link-nowhere'));
    // A link to a whole one is as good as that.
    renameSync(at('cat2'), join(folder, 'cat2-elsewhere.json'));
    symlinkSync(join(folder, 'cat2-elsewhere.json'), at('cat2'));
    writeFileSync(join(home, 'functions', 'loose.json'), JSON.stringify(whole()));
    // What it has written is still its own when the file is mended.
    const work = join(home, 'run/cut.openfaas-fn/work');
    mkdirSync(work, { recursive: true });
    writeFileSync(join(work, 'mine'), 'precious');
    const gateway = await start(home);
    try {
      await answers(gateway, 'cat');
      await answers(gateway, 'cat2');
      const names = (await get<{ name: string }[]>(gateway, '/system/functions')).map(({ name }) => name);
      expect(names.sort()).toEqual(['bundled', 'cat', 'cat2']);
      for (const name of [...Object.keys(bad), 'folder', 'link-null', 'link-nowhere']) {
        expect(gateway.output).toMatch(new RegExp(`^${at(name)} is left out \\([^\\n]+\\): its function does not run; mend the file and start again, or deploy the function anew$`, 'm'));
      }
      for (const [name, text] of Object.entries(bad)) expect(readFileSync(at(name), 'utf8')).toBe(text);
      expect(readFileSync(join(work, 'mine'), 'utf8')).toBe('precious');
      await gateway.deploy('garbage', { envProcess: 'cat' });
      await answers(gateway, 'garbage');
      expect((JSON.parse(readFileSync(at('garbage'), 'utf8')) as { replicas: number }).replicas).toBe(1);
      expect(await send(gateway, 'POST', '/system/functions', { service: 'folder', image: 'x', envProcess: 'cat' })).toMatchObject({ status: 503, text: expect.stringMatching(/folder\.json cannot be written \(EISDIR\): it is a folder, and ought to be a file; move it away\n$/) });
      faultRow({ area: 'processes', done: 'files of functions that are empty, cut, garbage, of wrong types, folders, links', times: `${Object.keys(bad).length + 4} files`, lost: 'nothing: each file stays as it is', seen: 'a line of the log names each file and what to do; all other functions run' });
    } finally {
      await gateway.stop('SIGKILL');
    }
  });

  it(`with random damage, one of ${DAMAGED}, neither stops the others nor reaches outside`, async () => {
    const home = copy();
    const random = new Random(faultSeed);
    const original = readFileSync(join(home, 'functions/openfaas-fn/cat.json'));
    for (let i = 0; i < DAMAGED; i++) {
      const bytes = Buffer.from(original.toString().replaceAll('"cat"', `"f${i}"`));
      for (let flips = 1 + random.below(3); flips > 0; flips--) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      writeFileSync(join(home, 'functions/openfaas-fn', `f${i}.json`), i % 3 === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes);
    }
    const gateway = await start(home);
    try {
      await answers(gateway, 'cat');
      const there = (await get<{ name: string }[]>(gateway, '/system/functions')).length - 3;
      const leftOut = gateway.output.match(/ is left out \(/g)!.length;
      expect(there + leftOut).toBe(DAMAGED);
      expect(await send(gateway, 'GET', '/healthz')).toMatchObject({ status: 200 });
      expect(readdirSync(join(home, 'functions'))).toEqual(['openfaas-fn']);
      faultRow({ area: 'processes', done: `files of functions with bits flipped or cut off (seed ${faultSeed})`, times: `${DAMAGED} files`, lost: 'nothing', seen: `${leftOut} left out by name, ${there} still whole; all others run` });
    } finally {
      await gateway.stop('SIGKILL');
    }
  });
});

describe('namespaces.json', () => {
  it('that is damaged is told by name, never written over, and does not keep functions from running; when it is mended, all is well', async () => {
    const home = copy();
    const file = join(home, 'namespaces.json');
    const whole = readFileSync(file, 'utf8');
    const damages = ['', '{{{', '{"a":1}', '[{"name":5}]', '[{"name":"a","labels":{"b":5},"annotations":{}}]', undefined];
    const damage = (text: string | undefined) => {
      rmSync(file, { recursive: true });
      if (text === undefined) mkdirSync(file);
      else writeFileSync(file, text);
    };
    damage(damages[0]);
    const gateway = await start(home);
    try {
      await answers(gateway, 'cat');
      for (const text of damages) {
        damage(text);
        const told = { status: 503, text: expect.stringMatching(/^\S+namespaces\.json (is damaged: mend it, or move it away and create the namespaces anew|cannot be read \(EISDIR\): it is a folder, and ought to be a file; move it away)\n$/) };
        expect(await send(gateway, 'GET', '/system/namespaces')).toMatchObject(told);
        expect(await send(gateway, 'POST', '/system/namespace', { name: 'more', labels: { openfaas: '1' } })).toMatchObject(told);
        expect(await send(gateway, 'POST', '/system/functions', { service: 'cat3', image: 'x', envProcess: 'cat' })).toMatchObject({ status: 202 });
        if (text !== undefined) expect(readFileSync(file, 'utf8')).toBe(text);
      }
      damage(whole);
      expect(await get(gateway, '/system/namespaces')).toEqual(['openfaas-fn', 'staging']);
    } finally {
      await gateway.stop('SIGKILL');
    }
  });
});

describe('secrets', () => {
  it('that are folders, empty, or links are the concern of who uses them', async () => {
    const home = copy();
    const at = (name: string) => join(home, 'secrets/openfaas-fn', `${name}.secret`);
    mkdirSync(at('folder'));
    writeFileSync(at('empty'), '');
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'linked');
    symlinkSync(elsewhere, at('link'));
    const gateway = await start(home);
    try {
      await answers(gateway, 'cat');
      expect((await get<{ name: string }[]>(gateway, '/system/secrets')).map(({ name }) => name)).toEqual(['empty', 'folder', 'link', 'token']);
      expect(await send(gateway, 'PUT', '/system/secrets', { name: 'folder', value: 'x' })).toMatchObject({ status: 503, text: expect.stringMatching(/folder\.secret cannot be written \(EISDIR\): it is a folder, and ought to be a file; move it away\n$/) });
      expect(await send(gateway, 'DELETE', '/system/secrets', { name: 'folder' })).toMatchObject({ status: 503, text: expect.stringContaining('folder.secret') });
      expect(await send(gateway, 'PUT', '/system/secrets', { name: 'empty', value: 'x' })).toMatchObject({ status: 202 });
      expect(await send(gateway, 'DELETE', '/system/secrets', { name: 'link' })).toMatchObject({ status: 202 });
      expect(readFileSync(elsewhere, 'utf8')).toBe('linked');
    } finally {
      await gateway.stop('SIGKILL');
    }
  });
});

describe('a start is refused, with one sentence that names the file and what to do, when', () => {
  const admin = () => JSON.parse(readFileSync(join(pristine, 'admin.json'), 'utf8')) as object;
  it.each<readonly [string, (home: string) => void, RegExp]>([
    ...([['is empty', ''], ['is garbage', '{'], ['is null', 'null'], ['has no hash', '{"user":"admin"}']] as const).map(
      ([what, text]) => [`admin.json ${what}`, (home: string) => writeFileSync(join(home, 'admin.json'), text), /admin\.json cannot be read: move it away, and the next start makes a new password/] as const,
    ),
    ['admin.json has a number for a salt', (home) => writeFileSync(join(home, 'admin.json'), JSON.stringify({ ...admin(), salt: 5 })), /admin\.json cannot be read: move it away/],
    ['admin.json has a number for a user', (home) => writeFileSync(join(home, 'admin.json'), JSON.stringify({ ...admin(), user: 5 })), /admin\.json cannot be read: move it away/],
    ['admin.json is a folder', (home) => (rmSync(join(home, 'admin.json')), mkdirSync(join(home, 'admin.json'))), /admin\.json cannot be read: move it away/],
    ['settings.json is a folder', (home) => (rmSync(join(home, 'settings.json')), mkdirSync(join(home, 'settings.json'))), /settings\.json cannot be read \(EISDIR\): restore a back-up, or move this file away/],
    ['functions is a file', (home) => (rmSync(join(home, 'functions'), { recursive: true }), writeFileSync(join(home, 'functions'), '')), /functions cannot be read \(ENOTDIR\): one of its folders is a file; move that away/],
    ['queue is a file', (home) => (rmSync(join(home, 'queue'), { recursive: true }), writeFileSync(join(home, 'queue'), '')), /the queue in \S+queue cannot be opened/],
    ['queue.mdb is a folder', (home) => (rmSync(join(home, 'queue/queue.mdb')), mkdirSync(join(home, 'queue/queue.mdb'))), /the queue in \S+queue cannot be opened/],
    ['it is a file', (home) => (rmSync(home, { recursive: true }), writeFileSync(home, '')), /The data directory \S+ cannot be written to \(EEXIST\): set SHOAL_HOME to a folder that can/],
  ])('%s', async (_, damage, sentence) => {
    const home = copy();
    damage(home);
    const said = await refusal(home);
    expect(said).toMatch(/^ended with code 1: [^\n]+\n$/);
    expect(said).toMatch(sentence);
    expect(existsSync(join(home, 'gateway.pid'))).toBe(false);
  });
});

describe('what a function has written', () => {
  it('is gone when it is removed, though it could not run; and is not found by the next of its name, though the last call still runs', async () => {
    const home = copy();
    const file = join(home, 'functions/openfaas-fn/cat2.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"envProcess": "cat"', '"envProcess": "no-such-program"'));
    const run = (name: string) => join(home, 'run', `${name}.openfaas-fn`);
    const gateway = await start(home);
    const remove = async (functionName: string) => expect(await send(gateway, 'DELETE', '/system/functions', { functionName })).toMatchObject({ status: 202 });
    try {
      expect(gateway.output).toContain('cat2.openfaas-fn cannot run');
      mkdirSync(join(run('cat2'), 'work'), { recursive: true });
      writeFileSync(join(run('cat2'), 'work/mine'), '');
      await remove('cat2');
      await gateway.until(() => !existsSync(run('cat2')));

      await gateway.deploy('slow', { envProcess: 'sleep 3' });
      const call = send(gateway, 'POST', '/function/slow', '');
      await gateway.until(() => existsSync(join(run('slow'), 'work')));
      writeFileSync(join(run('slow'), 'work/mine'), '');
      await remove('slow');
      await gateway.deploy('slow', { envProcess: 'cat' });
      expect(readdirSync(join(run('slow'), 'work'))).toEqual([]);
      writeFileSync(join(run('slow'), 'work/next'), '');
      await call;
      await gateway.until(() => !readdirSync(join(home, 'run')).some((name) => name.startsWith('.')));
      expect(readdirSync(join(run('slow'), 'work'))).toEqual(['next']);
    } finally {
      await gateway.stop('SIGKILL');
    }
  });

  it('stays while the file of the function is a link to one that is away', async () => {
    const home = copy();
    const file = join(home, 'functions/openfaas-fn/cat2.json');
    rmSync(file);
    symlinkSync(join(folder, 'away'), file);
    const work = join(home, 'run/cat2.openfaas-fn/work');
    mkdirSync(work, { recursive: true });
    writeFileSync(join(work, 'mine'), 'precious');
    const gateway = await start(home);
    await answers(gateway, 'cat');
    await gateway.stop();
    expect(readFileSync(join(work, 'mine'), 'utf8')).toBe('precious');
  });
});

describe('a directory that an older version has written', () => {
  it('still says so when its queue cannot be brought to this version', async () => {
    const home = copy();
    const file = join(home, 'settings.json');
    const older = JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), version: 1, release: '0.0.1' });
    writeFileSync(file, older);
    renameSync(join(home, 'queue/queue.mdb'), join(home, 'kept.mdb'));
    mkdirSync(join(home, 'queue/queue.mdb'));
    expect(await refusal(home)).toMatch(/the queue in \S+queue cannot be opened/);
    expect(readFileSync(file, 'utf8')).toBe(older);
    rmSync(join(home, 'queue/queue.mdb'), { recursive: true });
    renameSync(join(home, 'kept.mdb'), join(home, 'queue/queue.mdb'));
    const gateway = await start(home);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 2, release: expect.not.stringMatching(/^0\.0\.1$/) });
    await gateway.stop('SIGKILL');
  });
});

describe('a data directory that is removed while its gateway runs', () => {
  it('accepts nothing more that would be lost, says so, goes on with calls, and is not made anew', async () => {
    const home = copy();
    const gateway = await start(home);
    try {
      await answers(gateway, 'cat');
      const last = (await send(gateway, 'POST', '/async-function/cat', 'x')).headers['x-call-id'] as string;
      await gateway.until(async () => (await stateOf(gateway, last)) === 'succeeded');
      renameSync(home, `${home}-away`);
      expect(await send(gateway, 'POST', '/async-function/cat', 'x')).toMatchObject({ status: 503, text: expect.stringMatching(/queue\.mdb was removed or replaced, so nothing is accepted any more: stop the gateway, put the data directory back or restore a back-up, and start it/) });
      const gone = { status: 503, text: expect.stringMatching(/^\S+ cannot be written \(ENOENT\): its folder was removed; stop the gateway, put the data directory back or restore a back-up, and start it\n$/) };
      expect(await send(gateway, 'POST', '/system/functions', { service: 'cat3', image: 'x', envProcess: 'cat' })).toMatchObject(gone);
      expect(await send(gateway, 'POST', '/system/secrets', { name: 'more', value: 'x' })).toMatchObject(gone);
      expect(await send(gateway, 'POST', '/system/namespace', { name: 'more', labels: { openfaas: '1' } })).toMatchObject(gone);
      expect(await send(gateway, 'GET', '/system/backup')).toMatchObject(gone);
      // The working folder of its processes is gone as well; what has another goes on.
      expect(await send(gateway, 'POST', '/function/cat', 'x')).toMatchObject({ status: 500, text: expect.stringMatching(/^fork\/exec cat: its working folder \S+ does not exist any more\n$/) });
      expect(await send(gateway, 'POST', '/function/bundled', 'x')).toMatchObject({ status: 200, text: 'x' });
      expect(await stateOf(gateway, last)).toBe('succeeded');
      expect(existsSync(home)).toBe(false);
      renameSync(`${home}-away`, home);
      expect(await send(gateway, 'POST', '/async-function/cat', 'x')).toMatchObject({ status: 202 });
      expect(await send(gateway, 'POST', '/function/cat', 'x')).toMatchObject({ status: 200, text: 'x' });
      faultRow({ area: 'processes', done: 'data directory moved away under a gateway that runs, and put back', times: '1', lost: 'nothing accepted', seen: '503 for what could not be kept, with what to do; calls go on; as before when it is back' });
    } finally {
      await gateway.stop('SIGKILL');
    }
  });
});

describe('a data directory that is deleted while calls wait in it', () => {
  it('takes none of them along as long as the gateway runs: each is run and can be looked up', async () => {
    const home = copy();
    const bundle = join(folder, 'napping');
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'function.yml'), 'command: [sh, -c, "sleep 0.2; cat"]\n');
    const gateway = await start(home);
    try {
      await gateway.deploy('napping', { image: bundle, envVars: { max_inflight: '2' }, labels: { 'com.openfaas.scale.max': '1' } });
      const accepted = await Promise.all(Array.from({ length: WAITING }, async (_, i) => (await send(gateway, 'POST', '/async-function/napping', `call ${i}`)).headers['x-call-id'] as string));
      rmSync(home, { recursive: true, maxRetries: 5 });
      const states = async () => Promise.all(accepted.map((id) => stateOf(gateway, id)));
      const waited = (await states()).filter((state) => state !== 'succeeded').length;
      expect(waited).toBeGreaterThan(0);
      expect(await send(gateway, 'POST', '/async-function/napping', 'x')).toMatchObject({ status: 503, text: expect.stringContaining('queue.mdb was removed or replaced') });
      await gateway.until(async () => (await states()).every((state) => state === 'succeeded'), 60_000);
      for (const [i, id] of accepted.entries()) expect(await get(gateway, `/async-function/calls/${id}`)).toMatchObject({ result: { body: `call ${i}` } });
      faultRow({ area: 'processes', done: 'data directory deleted (rm -rf) under a gateway that runs, with calls that wait', times: `${WAITING} calls, ${waited} of which had not ended`, lost: 'nothing while it runs', seen: 'each was run and can be looked up; new ones 503' });
    } finally {
      await gateway.stop('SIGKILL');
    }
  });
});

describe('several gateways on one data directory', () => {
  it(`of ${STARTERS} that are started at once after a kill, exactly one begins`, async () => {
    for (let race = 0; race < RACES; race++) {
      const home = copy();
      const first = await start(home);
      await first.stop('SIGKILL');
      expect(existsSync(join(home, 'gateway.pid'))).toBe(true);
      const env = { PATH: process.env['PATH'], SHOAL_HOME: home, SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0', SHOAL_SAMPLES: 'false' };
      const started = Array.from({ length: STARTERS }, () => {
        const child = spawn(process.execPath, [main], { env });
        let said = '';
        const ended = new Promise<string>((resolve) => {
          const hear = (chunk: Buffer) => /^ {2}Data /m.test((said += chunk.toString())) && resolve('up');
          child.stdout.on('data', hear);
          child.stderr.on('data', hear);
          child.on('exit', () => resolve(said));
        });
        return { child, ended };
      });
      const said = await Promise.all(started.map(({ ended }) => ended));
      for (const { child } of started) child.kill('SIGKILL');
      expect(said.filter((text) => text === 'up')).toHaveLength(1);
      for (const text of said.filter((one) => one !== 'up')) expect(text).toMatch(/^Another gateway uses the data directory \S+ already: stop it, or set SHOAL_HOME to another folder\.\n$/);
    }
    faultRow({ area: 'processes', done: `${STARTERS} gateways started at once on the data directory of one that was killed`, times: `${RACES} rounds`, lost: 'nothing', seen: 'one begins, the others say why not' });
  });

  it(`of ${RACERS} processes that reach for a dead one's lock in the same millisecond, one gets it`, async () => {
    const script = join(folder, 'racer.cjs');
    const source = `
      import { lockDirectory } from ${JSON.stringify(join(__dirname, '../../libs/adapters/src/local/data-directory/directory-lock.ts'))};
      const [startMs, ...homes] = process.argv.slice(2);
      for (const [round, home] of homes.entries()) {
        while (Date.now() < Number(startMs) + round * ${ROUND_MS});
        try { lockDirectory(home); console.log(home); } catch {}
      }
      process.stdin.resume(); // It holds what it has until it is told to end.
      console.log('done');`;
    buildSync({ stdin: { contents: source, resolveDir: __dirname }, outfile: script, bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent', alias: { '@shoal/domain': join(__dirname, '../../libs/domain/src') } });
    const homes = Array.from({ length: LOCK_RACES }, (_, round) => {
      const home = join(folder, `race-${round}`);
      mkdirSync(home);
      writeFileSync(join(home, 'gateway.pid'), '999999999 1');
      return home;
    });
    const racers = Array.from({ length: RACERS }, () => spawn(process.execPath, [script, String(Date.now() + 1_500), ...homes]));
    const taken = await Promise.all(
      racers.map(async ({ stdout }) => {
        let said = '';
        for await (const chunk of stdout as AsyncIterable<Buffer>) if ((said += chunk.toString()).endsWith('done\n')) break;
        return said.split('\n').filter((line) => line.startsWith(folder));
      }),
    );
    for (const racer of racers) racer.kill('SIGKILL');
    expect(taken.flat().sort()).toEqual([...homes].sort());
    faultRow({ area: 'processes', done: `${RACERS} processes reach for the lock of a dead one in the same millisecond`, times: `${LOCK_RACES} rounds`, lost: 'nothing', seen: 'one has it, each time' });
  });

  it('a lock that says nothing, or is a folder, is of nobody; one that is being written is of somebody', () => {
    const home = copy();
    const lock = join(home, 'gateway.pid');
    for (const make of [() => writeFileSync(lock, 'x y z'), () => mkdirSync(lock), () => writeFileSync(lock, '1 0'), () => writeFileSync(lock, '-1 0')]) {
      make();
      const unlock = lockDirectory(home);
      expect(readFileSync(lock, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
      expect(() => lockDirectory(home)).toThrow(/^another gateway uses the data directory/);
      unlock();
      expect(readdirSync(home).filter((name) => name.startsWith('gateway.pid'))).toEqual([]);
    }
    writeFileSync(lock, '');
    expect(() => lockDirectory(home)).toThrow(/^another gateway uses the data directory/);
  });
});

describeWithPrograms('a data directory of another user', ['setpriv'], 'util-linux', () => {
  it('is refused with one sentence', () => {
    const home = copy();
    // The program has to be where that user may read it.
    const run = (path: string) =>
      spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, main], {
        env: { PATH: process.env['PATH'], SHOAL_HOME: path, SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0' }, encoding: 'utf8', timeout: 30_000,
      }); // prettier-ignore
    execFileSync('chmod', ['755', folder]);
    execFileSync('chmod', ['700', home]);
    const { status, stderr } = run(home);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^The data directory \S+ cannot be written to \(EACCES\): it belongs to another user; start the gateway as that one, or give it to this one, or set SHOAL_HOME to another folder\.\n$/) });
    expect(statSync(home).uid).toBe(process.getuid!());
  });
});
