import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BASE_IMAGE, describeOnEngine } from '../swarm/describe-on-engine';

const runFile = promisify(execFile);
const root = join(__dirname, '../..');
const tool = join(root, 'tools/build-images.mjs');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const PREFIX = 'shoal-spec/';
const BUILD_MS = 120_000;
const POLL_MS = 100;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const GATEWAY = 'gateway';
/** As on a 32-bit ARM: the watchdog is a script there. */
const ARM_ECHO = 'echo-arm';
const ARM = { image: `${PREFIX}${ARM_ECHO}:spec`, watchdog: `${PREFIX}watchdog-arm:spec` };

/** As strict as a container can be. */
const HARDENED = ['--read-only', '--tmpfs=/tmp', '--cap-drop=ALL', '--security-opt=no-new-privileges'];
/** Files of ours that everybody may write, or that give whoever runs them the rights of their owner. */
const LOOSE = 'for path in /opt/shoal /home/app /usr/bin/fwatchdog; do [ ! -e $path ] || find $path ! -type l \\( -perm -0002 -o -perm -4000 -o -perm -2000 \\); done';

/** What a function is sent, and what it answers. */
const CALLS: ReadonlyArray<readonly [name: string, path: string, body: string | undefined, answer: RegExp, type: RegExp]> = [
  ['echo', '/', 'ahoy', /^ahoy$/, /./],
  [ARM_ECHO, '/', 'ahoy', /^ahoy$/, /./],
  ['env', '/a?b=c', 'ahoy', /^Http_Query=b=c$/m, /^text\/plain/],
  ['hostname-intent', '/', '{}', /"Your hostname is [0-9a-f]{12}"/, /^application\/json/],
  ['markdown', '/', '# Fish', /^<h1>Fish<\/h1>\n$/, /^text\/html/],
  ['nodeinfo', '/', undefined, /"hostname":"[0-9a-f]{12}"/, /^application\/json/],
  ['sleep', '/?seconds=0.1', '', /^slept 0.1 seconds\n$/, /^text\/plain/],
  ['wordcount', '/', 'two words', /^\s*0\s+2\s+9\n$/, /^text\/plain/],
];
const running = [GATEWAY, ...CALLS.map(([name]) => name)];

/** Runs in a container: makes a request and writes what came back, or why nothing did. */
const CLIENT = `
const [url, body] = process.argv.slice(1);
fetch(url, body === undefined ? {} : { method: 'POST', body })
  .then(async (answer) => ({ status: answer.status, type: answer.headers.get('content-type') ?? '', body: await answer.text() }))
  .then((answer) => console.log(JSON.stringify(answer)));`;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

describeOnEngine('container images', ({ host }) => {
  const env = { ...process.env, DOCKER_HOST: host };
  const containers = new Map<string, { readonly id: string; readonly address: string }>();
  let client: string;

  beforeAll(async () => {
    const bases = [`--node-image=${BASE_IMAGE}`, `--base-image=${BASE_IMAGE}`];
    const { stdout } = await runFile(process.execPath, [tool, `--engine=${host}`, `--prefix=${PREFIX}`, '--tag=spec', ...bases]);
    process.stdout.write(stdout.slice(stdout.indexOf('┌'))); // The sizes.
    await buildForArm();
    client = await docker('run', '--detach', '--rm', BASE_IMAGE, 'sleep', '1000');
    await Promise.all(running.map(start));
  }, BUILD_MS);

  afterAll(async () => {
    await docker('rm', '--force', '--volumes', client, ...[...containers.values()].map(({ id }) => id));
  });

  it.each(running)('%s runs as user 1000 on a read-only root, and turns healthy', async (name) => {
    expect(await docker('exec', idOf(name), 'id', '-u')).toBe('1000');
    await expect(docker('exec', '--user=0', idOf(name), 'touch', '/file')).rejects.toThrow('Read-only file system');
    await until(async () => (await docker('inspect', '--format={{.State.Health.Status}}', idOf(name))) !== 'starting');
    const health = JSON.parse(await docker('inspect', '--format={{json .State.Health}}', idOf(name))) as { Status: string };
    expect(health).toMatchObject({ Status: 'healthy' });
  });

  it.each(running)('%s has no file that everybody may write, and none with the rights of its owner', async (name) => {
    expect(await docker('exec', idOf(name), 'sh', '-c', LOOSE)).toBe('');
    expect(await docker('exec', idOf(name), 'sh', '-c', 'grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/1/status | cut -f 2')).toBe('0000000000000000\n0000000000000000\n1');
  });

  it.each(CALLS)('%s answers', async (name, path, body, answer, type) => {
    const reply = await ask(name, `:8080${path}`, body);
    expect(reply).toEqual({ status: 200, body: expect.stringMatching(answer), type: expect.stringMatching(type) });
  });

  it.each(CALLS.map(([name, path, body, answer]) => [name, path, body, answer] as const).filter(([name]) => name !== ARM_ECHO))(
    'gateway runs %s itself, with the local provider',
    async (name, path, body, answer) => {
      const reply = await ask(GATEWAY, `:8080/function/${name}${path}`, body);
      expect(reply).toMatchObject({ status: 200, body: expect.stringMatching(answer) });
    },
  );

  it('gateway deploys a function and calls it, without any right', async () => {
    const deployment = JSON.stringify({ service: 'own', image: 'own', envProcess: 'id -u' });
    expect(await ask(GATEWAY, ':8080/system/functions', deployment)).toMatchObject({ status: 202 });
    await until(async () => (await ask(GATEWAY, ':8080/function/own')).body === '1000\n');
  });

  it('gateway keeps calls that run later', async () => {
    expect(await ask(GATEWAY, ':8080/async-function/echo', 'ahoy')).toMatchObject({ status: 202 });
  });

  it.each(['/ui/', '/docs'])('gateway serves %s with all its files', async (page) => {
    const { status, body } = await ask(GATEWAY, `:8080${page}`);
    expect(status).toBe(200);
    const files = [...body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, file]) => new URL(file!, `http://gateway${page}`).pathname);
    expect(files.length).toBeGreaterThan(2);
    const answers = await Promise.all(files.map(async (file) => [file, (await ask(GATEWAY, `:8080${file}`)).status]));
    expect(answers).toEqual(files.map((file) => [file, 200]));
  });

  it('gateway serves its metrics to other machines', async () => {
    expect((await ask(GATEWAY, ':8082/metrics')).body).toContain('gateway_function_invocation_started');
  });

  it('gateway is unhealthy when it does not answer', async () => {
    await expect(docker('exec', '--env=SHOAL_PORT=9', idOf(GATEWAY), 'node', '/opt/shoal/healthcheck.mjs')).rejects.toMatchObject({ code: 1 });
  });

  it('watchdog has its program in all its forms', async () => {
    const image = await buildFrom(`FROM ${BASE_IMAGE}\nCOPY --from=${PREFIX}watchdog:spec / /\n`);
    for (const program of ['/fwatchdog', '/fwatchdog-node']) expect(await docker('run', '--rm', image, program, '-version')).toBe(version);
    const loader = process.arch === 'x64' ? 'ld-musl-x86_64' : 'ld-musl-aarch64';
    expect(Number(await docker('run', '--rm', image, 'grep', '-c', loader, '/fwatchdog-musl'))).toBeGreaterThan(0);
  });

  // The last, because nothing is left to ask after it.
  it('all end with 0 when they are told to stop, after their calls', async () => {
    const inGateway = ask(GATEWAY, ':8080/function/sleep?seconds=3', '');
    const inWatchdog = ask('sleep', ':8080/?seconds=3', '');
    for (const name of [GATEWAY, 'sleep']) await until(async () => (await docker('top', idOf(name))).includes('sleep 3'));
    await Promise.all(running.map((name) => docker('stop', '--time=20', idOf(name))));
    expect([(await inGateway).status, (await inWatchdog).status]).toEqual([200, 200]);
    const codes = await Promise.all(running.map(async (name) => [name, await docker('inspect', '--format={{.State.ExitCode}}', idOf(name))]));
    expect(codes).toEqual(running.map((name) => [name, '0']));
  });

  async function docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await runFile('docker', args, { cwd: root, env, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout.trim();
  }

  async function buildFrom(dockerfile: string): Promise<string> {
    const building = runFile('docker', ['build', '--quiet', '-'], { env });
    building.child.stdin!.end(dockerfile);
    return (await building).stdout.trim();
  }

  async function buildForArm(): Promise<void> {
    await runFile(process.execPath, ['--input-type=module', '--eval', 'await (await import("./tools/image-files.mjs")).packWatchdog(["arm"])'], { cwd: root });
    await docker('build', '--file=deploy/docker/watchdog.Dockerfile', '--build-arg=HOST_ARCH=arm', `--tag=${ARM.watchdog}`, 'dist/watchdog/image');
    const args = { HOST_ARCH: 'arm', WATCHDOG_IMAGE: ARM.watchdog, BASE_IMAGE, NODE_IMAGE: BASE_IMAGE, FUNCTION: 'echo', COMMAND: 'cat' };
    const buildArgs = Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`);
    await docker('build', '--file=deploy/docker/functions.Dockerfile', ...buildArgs, `--tag=${ARM.image}`, '.');
  }

  async function start(name: string): Promise<void> {
    const id = await docker('run', '--detach', ...HARDENED, '--env=basic_auth=false', `${PREFIX}${name}:spec`);
    containers.set(name, { id, address: await docker('inspect', '--format={{.NetworkSettings.IPAddress}}', id) });
  }

  function idOf(name: string): string {
    return containers.get(name)!.id;
  }

  /** From another container; waits until somebody listens. */
  async function ask(name: string, portAndPath: string, body?: string): Promise<Answer> {
    const url = `http://${containers.get(name)!.address}${portAndPath}`;
    return JSON.parse(await docker('exec', client, 'node', '--eval', CLIENT, url, ...(body === undefined ? [] : [body]))) as Answer;
  }

  /** A test's time limit ends the waiting. */
  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
});

describe('build-images.mjs', () => {
  it.each([
    ['an image that it does not know', ['--only=echo,foo'], {}, 'Unknown image "foo"; there are gateway, watchdog, echo,'],
    ['a platform that it does not know', ['--push', '--platforms=linux/mips'], {}, 'Unknown platform "linux/mips"; there are linux/amd64,'],
    ['platforms that an engine cannot keep', ['--platforms=linux/arm64'], {}, '--platforms needs --push'],
    ['an option that it does not know', ['--foo'], {}, 'Usage: npm run build:images'],
    ['an engine that is not there', ['--engine=unix:///nowhere/docker.sock'], {}, 'unix:///nowhere/docker.sock'],
    ['no docker program', [], { PATH: '/nowhere' }, 'There is no docker program here'],
  ])('refuses %s', (_what, args, env, problem) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining(problem) });
  });
});
