import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeUnlessMissing } from '../describe-with';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, howMany } from './fault-table';
import { get, send, stateOf, writeKeeper } from './filled-gateway';
import { SmallDisk } from './small-disk';

jest.setTimeout(120_000 + howMany({ short: 0, long: 300_000 }));

/** As many as a function is given at first. */
const HELD = 10;
const ROUNDS = howMany({ short: 1, long: 10 });
const FULL = /^\S+ cannot be written \(ENOSPC\): its disk is full; make room there\n$/;
const disk = new SmallDisk('12m');
afterAll(() => disk.dispose());

/** All files below `folder`, which are no temporary ones. */
const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : []);

describeUnlessMissing('a disk that is full', disk.missing, () => {
  const home = join(disk.path, 'home');
  let gateway: GatewayProcess;
  const deploy = (service: string, more: object = {}) => send(gateway, 'POST', '/system/functions', { service, image: service, envProcess: 'cat', ...more });

  beforeAll(async () => {
    disk.mount();
    writeKeeper(join(home, 'bundles/keeper'));
    gateway = await GatewayProcess.start({ basic_auth: 'true' }, home);
    const authorization = gateway.authorization();
    Object.assign(gateway, { authorization: () => authorization });
    await gateway.deploy('cat', { envProcess: 'cat' });
    await gateway.deploy('later', { envProcess: 'sleep 0.1', annotations: { 'com.openfaas.async.concurrency': '1' } });
    await gateway.deploy('napper', { envProcess: 'cat' });
    await send(gateway, 'POST', '/system/secrets', { name: 'token', value: 'old' });
    await gateway.deploy('keeper', { image: 'keeper', secrets: ['token'] });
    await send(gateway, 'POST', '/system/scale-function/napper', { serviceName: 'napper', replicas: 0 });
  });
  afterAll(() => gateway.stop('SIGKILL'));

  it('refuses what it cannot keep with the file and what to do, goes on with the rest, and loses nothing', async () => {
    disk.fill();
    const before = filesIn(home).filter((path) => /^(functions|secrets|namespaces)/.test(path));
    const stored = readFileSync(join(home, 'functions/openfaas-fn/cat.json'), 'utf8');
    const refused = { status: 503, text: expect.stringMatching(FULL) };
    expect(await deploy('more')).toMatchObject(refused);
    expect(await deploy('cat', { envVars: { A: 'new' } })).toMatchObject(refused);
    expect(await send(gateway, 'PUT', '/system/secrets', { name: 'token', value: 'new' })).toMatchObject(refused);
    expect(await send(gateway, 'POST', '/system/secrets', { name: 'more', value: 'new' })).toMatchObject(refused);
    expect(await send(gateway, 'POST', '/system/namespace', { name: 'more', labels: { openfaas: '1' } })).toMatchObject(refused);
    expect(await send(gateway, 'GET', '/system/backup')).toMatchObject({ status: 503 });

    // What runs, runs; what sleeps wakes up.
    expect(await send(gateway, 'POST', '/function/cat', 'x')).toMatchObject({ status: 200, text: 'x' });
    expect(await send(gateway, 'POST', '/function/napper', 'y')).toMatchObject({ status: 200, text: 'y' });
    expect(await send(gateway, 'GET', '/healthz')).toMatchObject({ status: 200 });
    expect(filesIn(home).filter((path) => /^(functions|secrets|namespaces)/.test(path))).toEqual(before);
    expect(readFileSync(join(home, 'functions/openfaas-fn/cat.json'), 'utf8')).toBe(stored);

    // The queue takes calls as long as there is room, and runs them one after the other.
    disk.makeRoom();
    disk.fill(3 * 1024 * 1024);
    const accepted: string[] = [];
    let refusals = 0;
    while (refusals < 3) {
      const { status, text, headers } = await send(gateway, 'POST', '/async-function/later', Buffer.alloc(60_000, 'q'));
      if (status === 202) accepted.push(headers['x-call-id'] as string);
      else {
        expect({ status, text }).toEqual({ status: 503, text: expect.stringMatching(/no room on the disk for the queue/) });
        refusals++;
      }
    }

    expect(accepted.length).toBeGreaterThan(5);
    disk.makeRoom();
    await gateway.until(async () => (await send(gateway, 'POST', '/async-function/cat', 'x')).status === 202);
    for (const id of accepted) await gateway.until(async () => (await stateOf(gateway, id)) === 'succeeded');
    expect(await deploy('more')).toMatchObject({ status: 202 });
    expect(await send(gateway, 'GET', '/system/backup')).toMatchObject({ status: 200 });
    await gateway.until(() => (JSON.parse(readFileSync(join(home, 'functions/openfaas-fn/napper.json'), 'utf8')) as { replicas: number }).replicas === 1);
    faultRow({ area: 'processes', done: 'disk full while deploys, secrets, namespaces, a back-up and asynchronous calls come in; then room again', times: `6 writes, ${accepted.length + refusals} asynchronous calls`, lost: 'nothing accepted; no file half written', seen: '503 with the file and what to do; calls to running and to sleeping functions 200' });
  });

  it('runs no call twice that ends while nothing can be written', async () => {
    const bundle = join(home, 'bundles/keeper');
    const [open, closed] = [join(bundle, 'open'), join(bundle, 'closed')];
    // What opens it is a file as well, and so made ahead of the disk; the calls end on one that is full.
    writeFileSync(closed, '');
    for (let round = 0; round < ROUNDS; round++) {
      const ids: string[] = [];
      for (let i = 0; i < HELD; i++) ids.push((await send(gateway, 'POST', `/async-function/keeper?hold&${i}`, 'x')).headers['x-call-id'] as string);
      for (const id of ids) await gateway.until(async () => (await stateOf(gateway, id)) === 'running');
      disk.fill();
      const saidBefore = gateway.output.length;
      expect(await deploy('unwritten')).toMatchObject({ status: 503, text: expect.stringMatching(FULL) });
      renameSync(closed, open);
      await gateway.until(async () => (await get<{ running: number }[]>(gateway, '/system/queue')).every(({ running }) => running === 0) || /queue does not work/.test(gateway.output.slice(saidBefore)));
      disk.makeRoom();
      for (const id of ids) {
        await gateway.until(async () => (await stateOf(gateway, id)) === 'succeeded');
        expect(await get(gateway, `/async-function/calls/${id}`)).toMatchObject({ attempts: 1 });
      }
      renameSync(open, closed);
    }
    faultRow({ area: 'processes', done: 'disk full while asynchronous calls run and end', times: `${ROUNDS * HELD} calls in ${ROUNDS} round(s)`, lost: 'nothing', seen: 'each ran once' });
  });

  it('says so at the start, leaves nothing behind, and starts with everything when there is room', async () => {
    await gateway.stop('SIGKILL');
    const rounds = howMany({ short: 3, long: 30 });
    let begun = 0;
    for (let round = 0; round < rounds; round++) {
      // Down to nothing, and to a little that is enough for some of it.
      disk.fill(round * 4_096);
      const before = filesIn(home);
      const said = await gateway.startAgain().then(() => undefined, (error: Error) => error.message);
      if (said === undefined) {
        begun++;
        await gateway.stop('SIGKILL');
      } else {
        expect(said).toMatch(/^ended with code 1: [^\n]*(\(ENOSPC\): its disk is full; make room there|no room on the disk)[^\n]*\.\n$/);
        expect(filesIn(home)).toEqual(before);
      }
      disk.makeRoom();
    }
    expect(begun).toBeLessThan(rounds);
    disk.fill();
    const fresh = join(disk.path, 'fresh');
    const said = await GatewayProcess.start({}, fresh).then(() => 'it started', (error: Error) => error.message);
    expect(said).toMatch(/^ended with code 1: The data directory \S+ cannot be written to \(ENOSPC\): its disk is full; make room there, or set SHOAL_HOME to another folder\.\n$/);
    expect(filesIn(fresh)).toEqual([]);
    disk.makeRoom();
    await gateway.startAgain();
    await gateway.until(async () => (await send(gateway, 'POST', '/function/napper', 'y')).status === 200);
    expect((await get<{ name: string }[]>(gateway, '/system/functions')).map(({ name }) => name).sort()).toEqual(['cat', 'keeper', 'later', 'more', 'napper']);
    faultRow({ area: 'processes', done: 'start on a disk that is full, or nearly', times: `${rounds + 1} starts`, lost: 'nothing', seen: `one sentence (${rounds + 1 - begun}), or it starts (${begun}); with room, all functions are there` });
  });

  it('of a folder that cannot be written to says that, and goes on', async () => {
    const folder = join(home, 'functions');
    const { undo } = disk.forbidWriting(folder);
    try {
      expect(await deploy('another')).toMatchObject({ status: 503, text: expect.stringMatching(/^\S+another\.json cannot be written \(EROFS\): its disk is mounted read-only; mount it for writing\n$/) });
      expect(await send(gateway, 'DELETE', '/system/functions', { functionName: 'more' })).toMatchObject({ status: 503, text: expect.stringContaining('(EROFS)') });
      expect(await send(gateway, 'POST', '/system/scale-function/napper', { serviceName: 'napper', replicas: 2 })).toMatchObject({ status: 202 });
      expect(await send(gateway, 'POST', '/function/more', 'x')).toMatchObject({ status: 200 });
      expect(await send(gateway, 'POST', '/async-function/cat', 'x')).toMatchObject({ status: 202 });
    } finally {
      undo();
    }
    expect(await deploy('another')).toMatchObject({ status: 202 });
  });

  it('a data directory that cannot be written to is refused at the start', async () => {
    const folder = join(disk.path, 'read-only');
    mkdirSync(folder);
    const { undo } = disk.forbidWriting(folder);
    try {
      const said = await GatewayProcess.start({}, folder).then(() => 'it started', (error: Error) => error.message);
      expect(said).toMatch(/^ended with code 1: The data directory \S+ cannot be written to \(EROFS\): its disk is mounted read-only; mount it for writing, or set SHOAL_HOME to another folder\.\n$/);
      faultRow({ area: 'processes', done: 'data directory read-only at the start; its functions read-only while it runs', times: '1 each', lost: 'nothing', seen: 'one sentence; 503 with the file, calls go on' });
    } finally {
      undo();
    }
  });
});
