import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess } from './gateway-process';
import { webBundle } from './web-bundle';

const root = join(__dirname, '../..');
const main = join(root, 'dist/gateway/main.cjs');

/** A start that has to fail: what it says, and its exit code. */
function failToStart(env: Record<string, string>): { code: number | null; said: string } {
  const home = mkdtempSync(join(tmpdir(), 'shoal-start-'));
  const settings = { PATH: process.env['PATH'] ?? '', SHOAL_HOME: home, SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0', SHOAL_SAMPLES: 'false', ...env };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main], { env: settings, encoding: 'utf8', timeout: 15_000 });
  rmSync(home, { recursive: true, force: true });
  return { code: status, said: stdout + stderr };
}

/** Lines of `ps` with what the processes of one data directory carry in their environment. */
function processesOf(home: string): string[] {
  const instanceId = (JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8')) as { instanceId: string }).instanceId;
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n').slice(1).filter(Boolean);
  return lines.filter((line) => {
    try {
      return readFileSync(`/proc/${line.trim().split(' ')[0]}/environ`, 'utf8').includes(`SHOAL_HOST=${instanceId}`);
    } catch {
      return false;
    }
  });
}

function hostsOf(pid: number): number[] {
  return execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === pid && args.includes('-host'))
    .map(([one]) => Number(one));
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a start that cannot be', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['an unwritable data directory', { SHOAL_HOME: join(main, 'home') }, /^The data directory \S+ cannot be written to \(ENOTDIR\): set SHOAL_HOME to a folder that can\.\n$/],
    ['settings that are none, all in one line', { SHOAL_PORT: 'http', basic_auth: 'yes', read_timeout: 'soon', SHOAL_PROVIDER: 'mars' }, /^SHOAL_PROVIDER must .*; SHOAL_PORT must .*; basic_auth must .*; read_timeout must .*\n$|^read_timeout[^]*\n$/],
    ['limits that contradict each other', { write_timeout: '1s', upstream_timeout: '2s' }, /^write_timeout must not be shorter than upstream_timeout/],
    ['samples where there can be none', { SHOAL_PROVIDER: 'swarm', SHOAL_SAMPLES: 'true' }, /^SHOAL_SAMPLES needs SHOAL_PROVIDER=local: the samples are folders of this machine\n$/],
    ['credentials that are not there', { secret_mount_path: '/no/such/folder' }, /^secret_mount_path: \/no\/such\/folder\/basic-auth-user cannot be read \(ENOENT\)\.\n$/],
  ])('says %s, and ends with 1', (_name, env, sentence) => {
    const { code, said } = failToStart(env);
    expect(said).toMatch(sentence);
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
    for (const value of ['http', 'yes', 'soon', 'mars']) expect(said).not.toContain(`${value};`);
  });

  it.each(['SHOAL_PORT', 'SHOAL_METRICS_PORT'])('says that %s is in use', async (setting) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, said } = failToStart({ [setting]: String(port) });
    other.close();
    expect(said).toBe(`Port ${port} on 127.0.0.1 is in use: stop what uses it, or set ${setting} to another one.\n`);
    expect(code).toBe(1);
  });

  it('says that this Node is too old', () => {
    const code = "Object.defineProperty(process.versions, 'node', { value: '18.20.0' }); import(process.argv[1]).then((setup) => setup.requireNode());";
    const { status, stderr } = spawnSync(process.execPath, ['-e', code, join(root, 'tools/setup.mjs')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'Shoal needs Node 20.19 or newer; this is 18.20.0.\n' });
  });
});

describe('a gateway', () => {
  let gateway: GatewayProcess;
  const bundle = webBundle({});
  afterAll(() => rmSync(bundle, { recursive: true }));

  beforeEach(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true', write_timeout: '90s' });
  });
  afterEach(async () => {
    await gateway.stop('SIGKILL');
    rmSync(gateway.home, { recursive: true, force: true });
  });

  const call = (path: string, body = '') => fetch(`${gateway.url}/function/${path}`, { method: 'POST', body });

  it('keeps its data directory to itself', () => {
    expect(failToStart({ SHOAL_HOME: gateway.home })).toEqual({ code: 1, said: expect.stringMatching(/^Another gateway uses the data directory/) });
  });

  it('is not kept from starting by the lock of one that was killed', async () => {
    await gateway.stop('SIGKILL');
    await expect(gateway.startAgain()).resolves.toBeUndefined();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('drains at %s: what runs ends, what comes is refused, exit 0', async (signal) => {
    await gateway.deploy('nap', { envProcess: 'sleep 1' });
    const running = call('nap');
    await gateway.until(() => processesOf(gateway.home).length === 1);
    const ended = gateway.stop(signal);
    await gateway.until(() => call('nap').then(() => false, () => true));
    expect((await running).status).toBe(200);
    expect(await ended).toBe(0);
  });

  it('is not kept from ending by a connection that says nothing', async () => {
    const silent = connect(gateway.port, '127.0.0.1');
    await once(silent, 'connect');
    expect(await gateway.stop()).toBe(0);
    silent.destroy();
  });

  it('ends at once at a second signal', async () => {
    await gateway.deploy('nap', { envProcess: 'sleep 600' });
    const running = call('nap').catch(() => 'cut off');
    await gateway.until(() => processesOf(gateway.home).length === 1);
    gateway.signal('SIGTERM');
    await gateway.until(() => gateway.output.includes('Shutting down'));
    gateway.signal('SIGTERM');
    expect(await gateway.ended()).toBe(1);
    expect(await running).toBe('cut off');
    await gateway.until(() => processesOf(gateway.home).length === 0);
  });

  it('leaves no process behind when it is killed', async () => {
    await gateway.deploy('nap', { envProcess: 'sleep 600' });
    await gateway.deploy('web', { image: bundle });
    void call('nap').catch(() => undefined);
    await gateway.until(() => processesOf(gateway.home).length === 2);
    const hosts = hostsOf(gateway.pid);
    expect(hosts).toHaveLength(1);
    await gateway.stop('SIGKILL');
    await gateway.until(() => processesOf(gateway.home).length === 0 && !hosts.some(isRunning));
  });

  it('survives the death of its function host', async () => {
    await gateway.deploy('cat', { envProcess: 'cat' });
    await gateway.deploy('web', { image: bundle });
    const [host] = hostsOf(gateway.pid);
    process.kill(host!, 'SIGKILL');
    await gateway.until(() => !isRunning(host!));
    expect(await (await call('cat', 'again')).text()).toBe('again');
    expect((await call('web')).status).toBe(200);
    expect(processesOf(gateway.home)).toHaveLength(1);
  });

  it('keeps nothing of a function that was removed, also when nobody saw its end', async () => {
    const files = () => readdirSync(join(gateway.home, 'run')).sort();
    const remove = (functionName: string) => fetch(`${gateway.url}/system/functions`, { method: 'DELETE', headers: gateway.authorization(), body: JSON.stringify({ functionName }) });
    for (const name of ['passing', 'passing-too']) {
      await gateway.deploy(name, { envProcess: 'tee written' });
      await (await fetch(`${gateway.url}/function/${name}`, { method: 'POST', body: 'private' })).text();
      expect(readFileSync(join(gateway.home, 'run', `${name}.openfaas-fn/work/written`), 'utf8')).toBe('private');
    }
    await remove('passing');
    await gateway.until(() => !files().includes('passing.openfaas-fn'));
    expect(files()).toContain('passing-too.openfaas-fn');
    await remove('passing-too');
    await gateway.stop('SIGKILL');
    await gateway.startAgain();
    await gateway.until(() => !files().includes('passing-too.openfaas-fn'));
  });

  it('has everything as it was after a restart, or after being killed', async () => {
    const { password } = gateway;
    const headers = { Authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` };
    const send = (path: string, body: object) => fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    await send('/system/secrets', { name: 'key', value: 'top-secret' });
    await send('/system/namespace/other', { name: 'other', labels: { openfaas: '1' } });
    await gateway.deploy('show', { envProcess: 'sh -c cat<$SHOAL_SECRETS/key', secrets: ['key'], labels: { a: 'b' }, envVars: { combine_output: 'true' } });
    await send('/system/scale-function/show', { replicas: 3 });
    const read = async () => Promise.all(['functions', 'secrets', 'namespaces'].map(async (what) => (await fetch(`${gateway.url}/system/${what}`, { headers })).json()));
    await gateway.until(async () => JSON.stringify(await read()).includes('"availableReplicas":3'));
    const before = await read();
    expect(before).toMatchObject([[{ name: 'show', replicas: 3 }], [{ name: 'key' }], ['openfaas-fn', 'other']]);

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await gateway.stop(signal);
      await gateway.startAgain();
      expect(gateway.output).not.toContain('shown this once');
      await gateway.until(async () => JSON.stringify(await read()) === JSON.stringify(before));
    }
    expect(gateway.output).not.toContain('top-secret');
    expect(readFileSync(join(gateway.home, 'admin.json'), 'utf8')).not.toContain(password);
  });
});

describe('credentials in files', () => {
  it('are taken without the line break at their end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-secrets-'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'basic-auth-user'), 'operator\n');
    writeFileSync(join(folder, 'basic-auth-password'), 'pass:word\n');
    const gateway = await GatewayProcess.start({ basic_auth: 'true', secret_mount_path: folder });
    const status = async (credentials: string) =>
      (await fetch(`${gateway.url}/system/info`, { headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } })).status;
    expect([await status('operator:pass:word'), await status('operator:pass:word\n'), await status('admin:pass:word')]).toEqual([200, 401, 401]);
    await gateway.dispose();
    rmSync(folder, { recursive: true });
  });
});
