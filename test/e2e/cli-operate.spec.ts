import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli, type Ended } from './cli-process';
import { GatewayProcess } from './gateway-process';

const DEAD_SOCKET = 'http://127.0.0.1:1';

let gateway: GatewayProcess;
let cli: Cli;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  await gateway.deploy('echo', { envProcess: 'cat', labels: { 'com.openfaas.scale.max': '5' } });
});
afterAll(() => gateway.dispose());
beforeEach(() => void (cli = new Cli({ SHOAL_GATEWAY: gateway.url })));
afterEach(() => cli.dispose());

const shoal = (...args: readonly string[]) => cli.run(args);

async function done(ended: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function json<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await done(shoal(...args, '--output', 'json'))) as T;
}

describe('shoal scale, and shoal scaling', () => {
  it('sets replicas, waits for them, and explains them', async () => {
    expect(await done(shoal('scale', 'echo', '3', '--wait', '--wait-timeout', '10s'))).toBe('echo is asked for 3 replicas.\nReady: 3 of 3 replicas.\n');
    await gateway.until(async () => (await json<{ now?: object }>('scaling', 'echo')).now !== undefined);
    const text = await done(shoal('scaling', 'echo'));
    expect(text).toMatch(/^Policy: +rps, 1 to 5 replicas/);
    expect(text).toMatch(/Now: +\d+ replicas, \d+ ready: /);
    expect(await done(shoal('scaling', 'echo', '-n', 'openfaas-fn', '-o', 'wide'))).toContain('Policy:');
    expect(await done(shoal('scale', 'echo', '1', '-n', 'openfaas-fn'))).toBe('echo is asked for 1 replica.\n');
  });

  it.each([
    [['scale', 'nowhere', '1'], 5, /shoal list/],
    [['scale', 'echo', 'many'], 2, /must be a whole number/],
    [['scale', 'echo'], 2, /missing required argument 'replicas'/],
    [['scaling', 'nowhere'], 5, /nowhere/],
  ])('refuses %j', async (args, code, message) => {
    const ended = await shoal(...args);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(message) });
  });
});

describe('shoal secret', () => {
  it('creates from standard input, a file or the command line, updates, lists and removes', async () => {
    expect(await done(cli.run(['secret', 'create', 'typed'], { input: 'one\n' }))).toBe('Created: 201 Created\n');
    writeFileSync(join(cli.folder, 'value'), randomBytes(64));
    await done(shoal('secret', 'create', 'bytes', '--from-file', join(cli.folder, 'value'), '-n', 'openfaas-fn'));
    const literal = await shoal('secret', 'create', 'said', '--from-literal', 'x');
    expect(literal).toMatchObject({ code: 0, stderr: expect.stringContaining('Others on this machine can see') });
    expect(await done(cli.run(['secret', 'update', 'typed', '--trim=false'], { input: 'two\n' }))).toBe('Updated: 202 Accepted\n');
    expect(await done(shoal('secret', 'list'))).toBe('NAME\nbytes\nsaid\ntyped\n');
    expect(await done(shoal('secret', 'ls', '-o', 'wide'))).toContain('openfaas-fn');
    await gateway.deploy('reads', { envProcess: 'sh -c cat<$SHOAL_SECRETS/typed', secrets: ['typed'] }).catch(() => undefined);
    for (const name of ['bytes', 'said']) expect(await done(shoal('secret', 'remove', name))).toBe('Removed.. OK.\n');
    await fetch(`${gateway.url}/system/functions`, { method: 'DELETE', body: JSON.stringify({ functionName: 'reads' }) });
    await done(shoal('secret', 'rm', 'typed'));
  });

  it('keeps bytes that are no text as they are, and trims text', async () => {
    const value = Buffer.concat([randomBytes(32), Buffer.from([0xff, 0x0a])]);
    await done(cli.run(['secret', 'create', 'raw'], { input: value }));
    await done(cli.run(['secret', 'create', 'text'], { input: 'text \n\n' }));
    const read = (name: string) => readFileSync(join(gateway.home, 'secrets', 'openfaas-fn', `${name}.secret`));
    expect(read('raw')).toEqual(value);
    expect(read('text').toString()).toBe('text');
    for (const name of ['raw', 'text']) await done(shoal('secret', 'remove', name));
  });

  it.each([
    [['secret', 'create', 'empty'], 2, /is empty/],
    [['secret', 'create', 'Bad_Name', '--from-literal', 'x'], 2, /must consist of/],
    [['secret', 'create', 'two', '--from-literal', 'x', '--from-file', 'y'], 2, /either --from-file or --from-literal/],
    [['secret', 'create', 'file', '--from-file', 'nowhere'], 2, /--from-file cannot be read/],
    [['secret', 'update', 'nowhere', '--from-literal', 'x'], 5, /shoal secret create nowhere/],
    [['secret', 'remove', 'nowhere'], 5, /shoal secret list/],
  ])('refuses %j', async (args, code, message) => {
    const ended = await shoal(...args);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(message) });
  });

  it('does not replace a secret that is there by creating it', async () => {
    await done(cli.run(['secret', 'create', 'taken'], { input: 'x' }));
    expect(await cli.run(['secret', 'create', 'taken'], { input: 'y' })).toMatchObject({ code: 6, stderr: expect.stringContaining('shoal secret update taken') });
    await done(shoal('secret', 'remove', 'taken'));
  });
});

describe('shoal namespaces, and shoal namespace', () => {
  it('creates, shows, changes, lists and removes', async () => {
    await done(shoal('namespace', 'create', 'staging', '--label', 'team=blue', '--annotation', 'owner=me'));
    expect(await done(shoal('namespaces'))).toBe('Namespaces:\n - openfaas-fn\n - staging\n');
    expect(await json<string[]>('ns')).toEqual(['openfaas-fn', 'staging']);
    expect(await done(shoal('namespace', 'get', 'staging'))).toMatch(/^Name: +staging\nLabels: +openfaas: 1\n +team: blue\nAnnotations: +openfaas: 1\n +owner: me\n$/);
    await done(shoal('namespace', 'update', 'staging', '--label', 'openfaas=true'));
    expect(await json<object>('namespace', 'get', 'staging')).toMatchObject({ labels: { openfaas: 'true' } });
    expect(await done(shoal('namespace', 'list'))).toContain(' - staging');
    expect(await shoal('namespace', 'create', 'staging')).toMatchObject({ code: 6 });
    await done(shoal('namespace', 'delete', 'staging'));
    expect(await shoal('namespace', 'get', 'staging')).toMatchObject({ code: 5, stderr: expect.stringContaining('shoal namespaces') });
    expect(await shoal('namespace', 'create', 'x', '--label', 'nothing')).toMatchObject({ code: 2 });
  });
});

describe('shoal ready', () => {
  it('waits for the gateway, and for a function', async () => {
    expect(await done(shoal('ready'))).toBe(`${gateway.url} is ready.\n`);
    expect(await done(shoal('ready', 'echo', '-n', 'openfaas-fn'))).toBe('echo is ready.\n');
  });

  it('gives up after so many looks, and says why', async () => {
    const few = ['--attempts', '2', '--interval', '10ms'];
    expect(await shoal('ready', 'nowhere', ...few)).toMatchObject({ code: 7, stderr: expect.stringMatching(/not ready after 2 looks, one each 10ms: /) });
    expect(await shoal('ready', '--gateway', DEAD_SOCKET, ...few)).toMatchObject({ code: 7, stderr: expect.stringContaining('cannot be reached') });
    expect(await shoal('ready', '--attempts', '0')).toMatchObject({ code: 2 });
  });
});

describe('shoal queue', () => {
  it('shows, cancels, lists, sends again and forgets', async () => {
    await gateway.deploy('fails', { envProcess: 'false', annotations: { 'com.openfaas.retry.attempts': '1' } });
    const send = async (name: string) => (await fetch(`${gateway.url}/async-function/${name}`, { method: 'POST', body: 'x' })).headers.get('x-call-id')!;
    const good = await send('echo');
    await gateway.until(async () => (await json<{ state: string }>('queue', 'show', good)).state === 'succeeded');
    expect(await done(shoal('queue', 'show', good))).toMatch(/Function: +echo\.openfaas-fn\nState: +succeeded\n[^]*Result: +x\n/);
    expect(await shoal('queue', 'cancel', good)).toMatchObject({ code: 6 });

    const bad = await send('fails');
    await gateway.until(async () => (await json<{ id: string }[]>('queue', 'list', '--dead')).length === 1);
    expect(await done(shoal('queue', 'list'))).toMatch(/fails\.openfaas-fn.* 1 /);
    expect(await done(shoal('queue', 'list', '--dead', '--function', 'fails', '-n', 'openfaas-fn'))).toContain(bad);
    expect(await done(shoal('queue', 'list', '--function', 'nowhere'))).toBe('No calls wait, run or have failed.\n');
    expect(await done(shoal('queue', 'show', bad))).toMatch(/Request: +POST \/?, 1 bytes\nState: +failed/);
    expect(await done(shoal('queue', 'redrive', bad))).toBe('Sent again: 1 call\n');
    await gateway.until(async () => (await json<{ id: string }[]>('queue', 'list', '--dead')).length === 1);
    expect(await done(shoal('queue', 'redrive', '--all', '--function', 'echo'))).toBe('Sent again: 0 calls\n');
    expect(await done(shoal('queue', 'purge', '--all'))).toBe('Forgotten: 1 call\n');
    expect(await done(shoal('queue', 'list', '--dead'))).toBe('No calls have failed for good.\n');
  });

  it.each([
    [['queue', 'show', 'nowhere'], 5, /invoke --async/],
    [['queue', 'cancel', 'nowhere'], 5, /invoke --async/],
    [['queue', 'redrive'], 2, /the id of a call, or --all/],
    [['queue', 'purge', 'x', '--all'], 2, /the id of a call, or --all/],
    [['queue', 'purge', 'x', '--function', 'echo'], 2, /--function goes with --all/],
    [['queue', 'nothing'], 2, /unknown command 'nothing'/],
  ])('refuses %j', async (args, code, message) => {
    const ended = await shoal(...args);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(message) });
  });
});

describe('shoal registry-login', () => {
  it("writes a file in Docker's format that only its owner can read", async () => {
    await done(cli.run(['registry-login', '-u', 'me', '-s', '--server', 'https://registry.example.com'], { input: 'secret\n' }));
    const file = join(cli.folder, 'credentials/config.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ auths: { 'https://registry.example.com': { auth: Buffer.from('me:secret').toString('base64') } } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await done(shoal('registry-login', '--ecr', '--account-id', '1', '--region', 'r'));
    expect(readFileSync(file, 'utf8')).toContain('1.dkr.ecr.r.amazonaws.com');
    expect((await shoal('registry-login', '--username', 'me', '--password', 'p')).stderr).toContain('Others on this machine can see');
    expect(await shoal('registry-login')).toMatchObject({ code: 2, stderr: expect.stringContaining('--username') });
    expect(await shoal('registry-login', '--ecr')).toMatchObject({ code: 2, stderr: expect.stringContaining('--account-id') });
  });
});

describe('every command that speaks to a gateway', () => {
  it.each([
    [['list'], 3],
    [['describe', 'echo'], 3],
    [['scale', 'echo', '1'], 3],
    [['secret', 'list'], 3],
    [['queue', 'list'], 3],
    [['namespaces'], 3],
  ])('says that nothing listens: %j', async (args, code) => {
    expect(await cli.run(args, { env: { SHOAL_GATEWAY: DEAD_SOCKET } })).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/cannot be reached: nothing listens there\n.*--gateway/) });
  });
});
