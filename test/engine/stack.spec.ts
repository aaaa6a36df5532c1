import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BASE_IMAGE, describeOnEngine, WATCHDOG_IMAGE } from '../swarm/describe-on-engine';
import { extendImage, makeStandIns, standIns } from './stand-ins';

const runFile = promisify(execFile);
const root = join(__dirname, '../..');
const STACK = 'harbour';
const PORT = 8765;
const HTTP_PORT = 8766;
const HTTPS_PORT = 8767;
const GATEWAY_IMAGE = 'shoal-stack/gateway:spec';
const BROKEN_IMAGE = 'shoal-stack/gateway:broken';
const BUILD_MS = 120_000;

/** Makes a request and writes what came back. */
const CLIENT = `
const [method, url, authorization, body, more] = process.argv.slice(1);
const headers = { ...JSON.parse(more), ...(authorization && { authorization }), ...(body && { 'content-type': 'application/json' }) };
fetch(url, { method, headers, redirect: 'manual', ...(body && { body }) })
  .then(async (answer) => console.log(JSON.stringify({ status: answer.status, text: await answer.text() })));`;

/**
 * Calls again and again until it is told to end, and then until it has called often enough to tell anything. Writes how many calls
 * there were, and each that failed.
 */
const CALLER = `
const ENOUGH = 150;
let calls = 0;
let ending = false;
const failures = [];
process.on('SIGTERM', () => (ending = true));
const { request } = require('node:https');
(function call() {
  if (ending && calls >= ENOUGH) process.exit(console.log(JSON.stringify({ calls, failures })) ?? 0);
  calls++;
  const note = (what) => (what === 200 || failures.push(String(what)), setTimeout(call, 5));
  request({ port: process.argv[1], path: '/function/echo', method: 'POST', agent: false, rejectUnauthorized: false })
    .on('response', (answer) => answer.resume().on('end', () => note(answer.statusCode)))
    .on('error', note).end('ahoy');
})();`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

// Without Grafana, of which Debian has no package: its service is there, with 0 tasks.
describeOnEngine('deploy/swarm/stack.yml', ({ socket, host }) => {
  const gateway = `http://127.0.0.1:${PORT}`;
  const started: string[] = [];
  let output = '';
  let password = '';
  let foreign = '';

  beforeAll(async () => {
    const build = ['tools/build-images.mjs', `--engine=${host}`, '--only=gateway', '--prefix=shoal-stack/', '--tag=spec', `--node-image=${BASE_IMAGE}`];
    await Promise.all([
      runFile(process.execPath, build, { cwd: root }),
      makeStandIns(socket),
      extendImage(socket, BROKEN_IMAGE, BASE_IMAGE, [], ['CMD echo it is broken; exit 3']),
    ]);
    foreign = await docker('service', 'create', '--detach', '--no-resolve-image', '--name=foreign', '--label=com.example=1', BASE_IMAGE, 'sleep', '100000');
    output = await script('up.sh', '--publish-admin', '--scale-by-alerts');
    password = /Password +(\S+) \(shown this once\)/.exec(output)?.[1] ?? '';
    started.push(...(await tasks()));
  }, BUILD_MS);

  afterAll(async () => {
    await script('down.sh', '--functions', '--data');
    await docker('service', 'rm', 'foreign');
    await docker('secret', 'rm', 'tls-certificate', 'tls-key');
  }, BUILD_MS);

  it('up.sh tells what it does, and where the platform is', () => {
    expect(output).toContain(`  ${STACK}_gateway: running\n`);
    expect(output).toMatch(new RegExp(`Portal +http://[0-9.]+:${PORT}/ui/\n +User +admin\n`));
    expect(password).toMatch(/^[0-9a-f]{40}$/);
  });

  it('runs every service, none of them as root or with capabilities', async () => {
    const services = await docker('stack', 'services', '--format={{.Name}} {{.Replicas}}', STACK);
    expect(services.split('\n').sort()).toEqual(['alertmanager 1/1', 'gateway 1/1', 'grafana 0/0', 'nats 1/1', 'prometheus 1/1'].map((line) => `${STACK}_${line}`));
    for (const name of ['alertmanager', 'gateway', 'nats', 'prometheus']) {
      const container = await containerOf(name);
      expect(await docker('exec', container, 'id', '-u')).not.toBe('0');
      expect(await docker('exec', container, 'grep', 'CapEff', '/proc/1/status')).toMatch(/CapEff:\s+0{16}$/);
      await expect(docker('exec', '--user=0', container, 'touch', '/file')).rejects.toThrow('Read-only file system');
    }
  });

  it('the gateway lets in who has the password, and nobody else', async () => {
    expect((await ask('GET', `${gateway}/healthz`)).status).toBe(200);
    expect((await ask('GET', `${gateway}/system/functions`)).status).toBe(401);
    expect((await ask('GET', `${gateway}/system/functions`, basic('wrong'))).status).toBe(401);
    await expect(ask('GET', `${gateway}/system/functions`, basic(password))).resolves.toEqual({ status: 200, text: '[]' });
  });

  it('the gateway runs functions on the network of the stack', async () => {
    const function_ = JSON.stringify({ service: 'echo', image: WATCHDOG_IMAGE, envProcess: 'cat' });
    expect((await ask('POST', `${gateway}/system/functions`, basic(password), function_)).status).toBe(202);
    await until(async () => (await ask('POST', `${gateway}/function/echo`, '', '"ahoy"')).text === '"ahoy"');
    const network = await docker('network', 'inspect', '--format={{.Id}}', `${STACK}_functions`);
    expect(await docker('service', 'inspect', '--format={{range .Spec.TaskTemplate.Networks}}{{.Target}}{{end}}', 'echo')).toBe(network);
  });

  it('calls that run later wait in NATS, and may tell the next function', async () => {
    const letter = (callback: string) => ask('POST', `${gateway}/async-function/echo`, '', '"later"', { 'X-Call-Id': 'spec', 'X-Callback-Url': callback });
    expect((await letter('http://10.0.0.1/')).status).toBe(400);
    expect((await letter('http://gateway:8080/function/echo')).status).toBe(202);
    const path = `${gateway}/async-function/calls/spec`;
    expect(JSON.parse((await ask('GET', `${path}?wait=20s`, basic(password))).text)).toMatchObject({ state: 'succeeded', result: { body: '"later"' } });
    await until(async () => (JSON.parse((await ask('GET', path, basic(password))).text) as { callback: { state: string } }).callback.state === 'delivered');
  });

  it('Prometheus scrapes the gateway', async () => {
    const isUp = async () => ((await prometheus('query?query=up{job="gateway"}')) as { result: { value: [number, string] }[] }).result[0]?.value[1] === '1';
    await until(isUp);
  });

  it('Prometheus knows Alertmanager, and the rules that were asked for', async () => {
    await until(async () => ((await prometheus('alertmanagers')) as { activeAlertmanagers: unknown[] }).activeAlertmanagers.length === 1);
    expect(JSON.stringify(await prometheus('rules'))).toContain('APIHighInvocationRate');
  });

  it("Alertmanager takes alerts to the gateway, with the gateway's password", async () => {
    const alert = { labels: { alertname: 'APIHighInvocationRate', service: 'gateway', severity: 'major', function_name: 'echo.openfaas-fn' } };
    expect((await ask('POST', 'http://127.0.0.1:9093/api/v2/alerts', '', JSON.stringify([alert]))).status).toBe(200);
    await until(async () => (await metrics()).includes('http_requests_total{method="POST",path="/system/alert",status="200"}'));
  });

  it('NATS has JetStream, and keeps its data in the volume', async () => {
    const state = JSON.parse(await docker('exec', await containerOf('nats'), 'wget', '-q', '-O', '-', 'http://127.0.0.1:8222/jsz')) as Record<string, unknown>;
    expect(state).toMatchObject({ config: { store_dir: '/tmp/jetstream' } });
    expect(state).not.toHaveProperty('disabled');
    expect(await docker('volume', 'ls', '--quiet', `--filter=label=com.docker.stack.namespace=${STACK}`)).toContain(`${STACK}_nats-data`);
  });

  it.each([9090, 9093])('port %i is open on loopback only', async (port) => {
    const address = await docker('info', '--format={{.Swarm.NodeAddr}}');
    expect((await ask('GET', `http://127.0.0.1:${port}/-/ready`)).status).toBe(200);
    await expect(ask('GET', `http://${address}:${port}/-/ready`)).rejects.toThrow('ECONNREFUSED');
  });

  it('up.sh once more changes nothing', async () => {
    const again = await script('up.sh', '--publish-admin', '--scale-by-alerts');
    expect(again).toContain('Password   as before');
    expect(await tasks()).toEqual(started);
  });

  describe('behind nginx, which holds the port', () => {
    const options = ['up.sh', '--publish-admin', '--proxy=nginx'] as const;
    const ports = { SHOAL_HTTP_PORT: String(HTTP_PORT), SHOAL_HTTPS_PORT: String(HTTPS_PORT) };

    beforeAll(async () => {
      await makeCertificate();
      expect(await script(...options, ports)).toContain('Portal     https://');
    });

    it('there is no way to the gateway without TLS', async () => {
      await expect(ask('GET', `${gateway}/healthz`)).rejects.toThrow('ECONNREFUSED');
      expect((await ask('POST', `http://127.0.0.1:${HTTP_PORT}/function/echo`)).status).toBe(308);
    });

    it('an update of the gateway loses no call', async () => {
      const before = await containerOf('gateway');
      await whileCalled(() => script(...options, { ...ports, SHOAL_READ_TIMEOUT: '61s' }));
      expect(await containerOf('gateway')).not.toBe(before);
    });

    it('an update to a gateway that does not run is taken back, loses no call, and is explained', async () => {
      await whileCalled(async () => {
        const update = script(...options, { ...ports, SHOAL_GATEWAY_IMAGE: BROKEN_IMAGE });
        await expect(update).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/_gateway:\n[^]*non-zero exit \(3\)[^]*it is broken/) });
      });
      expect(await docker('service', 'inspect', '--format={{.Spec.TaskTemplate.ContainerSpec.Image}}', `${STACK}_gateway`)).toBe(GATEWAY_IMAGE);
    });

    async function whileCalled(work: () => Promise<unknown>): Promise<void> {
      const caller = runFile('nsenter', [seat(), process.execPath, '--eval', CALLER, String(HTTPS_PORT)]);
      await work();
      caller.child.kill();
      const { calls, failures } = JSON.parse((await caller).stdout) as { calls: number; failures: string[] };
      expect(failures).toEqual([]);
      expect(calls).toBeGreaterThan(100);
    }
  });

  it('down.sh keeps functions and data unless it is told otherwise, and says so', async () => {
    const said = await script('down.sh');
    expect(said).toContain(`(echo), and their network ${STACK}_functions`);
    expect(said).toContain(`the volumes ${STACK}_alertmanager-data`);
    expect(await leftovers()).toEqual({ service: [], config: [], secret: [], network: [`${STACK}_functions`], volume: expect.arrayContaining([`${STACK}_nats-data`]), container: [] });
    expect(await docker('service', 'ls', '--format={{.Name}} {{.Replicas}}', '--filter=name=echo')).toMatch(/^echo (\d+)\/\1$/);
  });

  it('down.sh leaves nothing of the stack, and all else alone', async () => {
    await script('down.sh', '--functions', '--data');
    expect(await leftovers()).toEqual({ service: [], config: [], secret: [], network: [], volume: [], container: [] });
    expect((await docker('service', 'ls', '--format={{.Name}} {{.Replicas}}')).split('\n')).toEqual(['foreign 1/1']);
    expect(await docker('service', 'inspect', '--format={{.ID}}', 'foreign')).toBe(foreign);
    expect(await docker('network', 'ls', '--quiet', '--filter=label=openfaas=true')).not.toBe('');
  });

  async function docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await runFile('docker', args, { env: { ...process.env, DOCKER_HOST: host } });
    return stdout.trim();
  }

  /** As on a terminal of the engine's machine, with nobody to answer questions. */
  async function script(name: string, ...rest: readonly (string | Readonly<Record<string, string>>)[]): Promise<string> {
    const options = rest.filter((word) => typeof word === 'string');
    const env = Object.assign({}, process.env, { DOCKER_HOST: host, SHOAL_GATEWAY_IMAGE: GATEWAY_IMAGE }, standIns, ...rest.filter((word) => typeof word !== 'string')) as NodeJS.ProcessEnv;
    const platform = name === 'up.sh' ? [`--port=${PORT}`, '--no-grafana', '--timeout=60'] : [];
    const running = runFile('nsenter', [seat(), join(root, 'deploy/swarm', name), `--name=${STACK}`, ...platform, ...options], { env });
    running.child.stdin?.end();
    return (await running).stdout;
  }

  async function makeCertificate(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-tls-'));
    const files = { 'tls-key': join(folder, 'key.pem'), 'tls-certificate': join(folder, 'certificate.pem') };
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', files['tls-key']];
    await runFile('openssl', ['req', '-x509', '-days', '2', '-subj', '/CN=localhost', ...key, '-out', files['tls-certificate']]);
    for (const [name, file] of Object.entries(files)) await docker('secret', 'create', name, file);
    rmSync(folder, { recursive: true });
  }

  /** Makes a request from the engine's machine. */
  async function ask(method: string, url: string, authorization = '', body = '', headers = {}): Promise<Answer> {
    const { stdout } = await runFile('nsenter', [seat(), process.execPath, '--eval', CLIENT, method, url, authorization, body, JSON.stringify(headers)]);
    return JSON.parse(stdout) as Answer;
  }

  /** The network of the engine's machine. */
  function seat(): string {
    const pid = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find(isEngine);
    if (pid === undefined) throw new Error(`no dockerd listens on ${socket}`);
    return `--net=/proc/${pid}/ns/net`;
  }

  function isEngine(pid: string): boolean {
    try {
      const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return /(^|\/)dockerd$/.test(program!) && args.includes(host);
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return false; // It has just ended.
      throw error;
    }
  }

  async function prometheus(path: string): Promise<unknown> {
    const { text } = await ask('GET', `http://127.0.0.1:9090/api/v1/${path}`);
    return (JSON.parse(text) as { data: unknown }).data;
  }

  async function metrics(): Promise<string> {
    return docker('exec', await containerOf('gateway'), 'node', '--eval', 'fetch("http://127.0.0.1:8082/metrics").then(async (answer) => console.log(await answer.text()))');
  }

  function containerOf(service: string): Promise<string> {
    return docker('ps', '--quiet', `--filter=label=com.docker.swarm.service.name=${STACK}_${service}`);
  }

  async function tasks(): Promise<string[]> {
    return (await docker('stack', 'ps', '--quiet', '--filter=desired-state=running', STACK)).split('\n').sort();
  }

  /** Names of what belongs to the stack, by its labels, and of what up.sh makes besides. */
  async function leftovers(): Promise<Record<string, string[]>> {
    const ofStack = async (kind: string, label: string, ...more: string[]) =>
      (await docker(kind, 'ls', ...more, `--filter=label=${label}=${STACK}`, `--format={{.${kind === 'container' ? 'Names' : 'Name'}}}`)).split('\n').filter(Boolean);
    const kinds = { service: [], config: [], network: [], volume: [], container: [] };
    const names = await Promise.all(Object.keys(kinds).map(async (kind) => [kind, await ofStack(kind, 'com.docker.stack.namespace')] as const));
    const made = { secret: await ofStack('secret', 'shoal.stack'), admin: await ofStack('container', 'shoal.stack', '--all') };
    const { container, ...others } = Object.fromEntries(names);
    return { ...others, secret: made.secret, container: [...container!, ...made.admin] };
  }
});

function basic(password: string): string {
  return `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
}

/** A test's time limit ends the waiting. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 200));
}
