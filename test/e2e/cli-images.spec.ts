import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Cli, type Ended } from './cli-process';
import { GatewayProcess } from './gateway-process';

/**
 * Writes down how it was called, and does nothing. What Docker does with such command lines is seen on a real engine, in
 * test/swarm; this is about what each flag makes of them.
 */
const STAND_IN = '#!/bin/sh\necho "$@" >> "$DOCKER_CALLS"\n[ "$1 $2" != "buildx version" ] || exit ${NO_BUILDX:-0}\n';

let cli: Cli;

beforeEach(async () => {
  cli = new Cli();
  mkdirSync(join(cli.folder, 'bin'));
  writeFileSync(join(cli.folder, 'bin/docker'), STAND_IN);
  chmodSync(join(cli.folder, 'bin/docker'), 0o755);
  for (const name of ['one', 'two']) await done(shoal('new', name, '--lang', 'node', '--prefix', 'me', '--quiet'));
});
afterEach(() => cli.dispose());

const env = () => ({ PATH: `${join(cli.folder, 'bin')}:${process.env['PATH']}`, DOCKER_CALLS: join(cli.folder, 'calls') });
const shoal = (...args: readonly string[]) => cli.run(args, { env: env() });

async function done(ended: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** The command lines that Docker got, but for the question whether it has buildx. */
function calls(): readonly string[] {
  if (!existsSync(env().DOCKER_CALLS)) return [];
  return readFileSync(env().DOCKER_CALLS, 'utf8').split('\n').filter((line) => line !== '' && line !== 'buildx version');
}

describe('shoal build', () => {
  it('makes an image of each function, by the flags of faas-cli', async () => {
    const flags = ['-b', 'A=b', '--build-arg', 'C=d', '-o', 'native', '--build-label', 'l=m', '--no-cache', '--squash', '--quiet', '--parallel', '2', '--disable-stack-pull'];
    expect(await done(shoal('build', '--filter', 'o*', ...flags))).toBe('Image: me/one:latest built.\n');
    expect(calls()).toEqual(['build --quiet --no-cache --squash --build-arg A=b --build-arg C=d --build-arg ADDITIONAL_PACKAGE=python3 make g++ --label l=m --tag me/one:latest .']);
  });

  it('names images after their contents', async () => {
    const tagged = /me\/one:[0-9a-f]{32}/;
    const first = tagged.exec(await done(shoal('build', '--filter', 'one', '--tag', 'digest')))![0];
    writeFileSync(join(cli.folder, 'one/handler.js'), 'export default async () => 1;\n');
    const second = tagged.exec(await done(shoal('build', '--filter', 'one', '--tag', 'digest')))![0];
    expect(second).not.toBe(first);
    expect(await shoal('build', '--tag', 'sha', '--filter', 'one')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is none here') });
  });

  it('builds what flags describe, without a stack file', async () => {
    await done(shoal('build', '--name', 'x', '--image', 'me/x', '--handler', './one', '--lang', 'node'));
    expect(calls()).toEqual(['build --tag me/x:latest .']);
  });

  it.each([
    [['build', '-o', 'nothing', '--filter', 'one'], /no build option "nothing"; it has native/],
    [['build', '-b', 'A', '--filter', 'one'], /is not of the form KEY=VALUE/],
    [['build', '--build-label', 'A', '--filter', 'one'], /--build-label/],
    [['build', '--filter', 'x', '--regex', 'y'], /pass in a regex or a filter, not both/],
    [['build', '--tag', 'newest'], /Allowed choices are latest, sha/],
  ])('refuses %j, and builds nothing', async (args, message) => {
    expect(await shoal(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(calls()).toEqual([]);
  });

  it('says that a filter matches nothing', async () => {
    expect(await shoal('build', '--filter', 'x*')).toMatchObject({ code: 5, stderr: expect.stringContaining('no functions matching --filter') });
    expect(calls()).toEqual([]);
  });

  it('says where to get Docker, and how to do without it, when there is none', async () => {
    const path = join(cli.folder, 'empty');
    mkdirSync(path);
    expect(await cli.run(['build', '--filter', 'one'], { env: { PATH: path } })).toMatchObject({ code: 9, stderr: expect.stringMatching(/docker.*\n.*shoal build --bundle/) });
  });
});

describe('shoal push', () => {
  it('pushes the images of functions, and refuses those whose names say no registry', async () => {
    expect(await done(shoal('push', '--quiet', '--parallel', '2'))).toMatch(/^(Image: me\/(one|two):latest pushed\.\n){2}$/);
    expect([...calls()].sort()).toEqual(['push --quiet me/one:latest', 'push --quiet me/two:latest']);
    expect(await shoal('push', '--name', 'x', '--image', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('names no registry') });
  });
});

describe('shoal publish', () => {
  it('builds for platforms and pushes, by buildx', async () => {
    await done(shoal('publish', '--filter', 'one', '--platforms', 'linux/amd64,linux/arm64', '--extra-tag', 'v1', '--reset-qemu'));
    expect(calls()).toEqual([
      'run --rm --privileged multiarch/qemu-user-static --reset -p yes',
      'buildx create --use --name=multiarch --node=multiarch',
      'buildx build --progress=plain --platform=linux/amd64,linux/arm64 --output=type=registry,push=true --tag me/one:latest --tag me/one:v1 .',
    ]);
    expect(await cli.run(['publish', '--filter', 'one'], { env: { ...env(), NO_BUILDX: '1' } })).toMatchObject({ code: 9, stderr: expect.stringContaining('buildx') });
  });

  it('lets a builder elsewhere do it', async () => {
    const seen: { signature: string | undefined; bytes: number }[] = [];
    const builder = createServer((request, answer) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => {
        seen.push({ signature: request.headers['x-build-signature'] as string | undefined, bytes });
        answer.end(JSON.stringify({ log: ['done'], image: 'me/one:latest', status: 'success' }));
      });
    });
    await new Promise<void>((resolve) => builder.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(builder.address() as AddressInfo).port}`;
    writeFileSync(join(cli.folder, 'secret'), 's3cr3t');
    await done(shoal('publish', '--filter', 'one', '--remote-builder', url, '--payload-secret', 'secret'));
    builder.close();
    expect(seen).toEqual([{ signature: expect.stringMatching(/^sha256=[0-9a-f]{64}$/), bytes: expect.any(Number) }]);
    expect(calls()).toEqual([]);
    expect(await shoal('publish', '--remote-builder', url)).toMatchObject({ code: 2, stderr: expect.stringContaining('--payload-secret') });
  });
});

describe('shoal up', () => {
  it('can end before the push, and before the deployment', async () => {
    await done(shoal('up', '--filter', 'one', '--skip-push', '--skip-deploy'));
    await done(shoal('up', '--filter', 'two', '--skip-deploy'));
    expect(calls()).toEqual(['build --tag me/one:latest .', 'build --tag me/two:latest .', 'push me/two:latest']);
  });

  it('publishes instead of building and pushing, when told so', async () => {
    await done(shoal('up', '--filter', 'one', '--publish', '--skip-deploy'));
    expect(calls()).toEqual([expect.stringMatching(/^buildx create/), expect.stringMatching(/^buildx build .*--platform=linux\/amd64/)]);
  });
});

describe('shoal list, describe, version and simulate', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await gateway.deploy('b', { envProcess: 'cat' });
    await gateway.deploy('a', { envProcess: 'cat' });
    await fetch(`${gateway.url}/function/b`, { method: 'POST' });
  });
  afterAll(() => gateway.dispose());
  const ask = (...args: readonly string[]) => done(cli.run([...args, '--gateway', gateway.url]));

  it('lists in the columns and orders of faas-cli', async () => {
    const head = `${'Function'.padEnd(30)}\t${'Invocations'.padEnd(15)}\tReplicas\n`;
    expect(await ask('list')).toBe(`${head}${'a'.padEnd(30)}\t${'0'.padEnd(15)}\t1    \n${'b'.padEnd(30)}\t${'1'.padEnd(15)}\t1    \n`);
    expect(await ask('ls', '-q', '--sort', 'invocations')).toBe('b\na\n');
    expect(await ask('ls', '--quiet', '--sort', 'creation')).toBe('a\nb\n');
    const wide = await ask('list', '-v');
    expect(wide).toMatch(/Function +Invocations +Replicas +Ready +State +Image +CreatedAt\n/);
    expect(await ask('list', '--verbose')).toBe(wide);
    expect(JSON.parse(await ask('list', '-o', 'json'))).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    expect(await ask('list', '-o', 'yaml')).toMatch(/^- name: a\n/);
  });

  it('describes in the lines of faas-cli', async () => {
    const text = await ask('describe', 'a');
    for (const line of [/^Name: +a$/m, /^Status: +Ready$/m, /^Replicas: +1$/m, /^Available Replicas: +1$/m, /^Function Process: +cat$/m]) expect(text).toMatch(line);
    expect(text).not.toContain('<none>');
    expect(await ask('describe', 'a', '--verbose')).toContain('<none>');
    expect(await ask('describe', '--name', 'a', '-v')).toContain('<none>');
  });

  it('tells its version, and the gateway’s', async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
    expect(await done(cli.run(['version', '--short-version']))).toBe(`${version}\n`);
    expect(await ask('version', '--warn-update=false')).toMatch(new RegExp(`version: ${version}\n[^]*uri: +${gateway.url}[^]*name: +shoal-local\n`));
    expect(await cli.run(['version', '--gateway', 'http://127.0.0.1:1'])).toMatchObject({ code: 0, stderr: expect.stringContaining('cannot be reached') });
  });

  it('rehearses a policy', async () => {
    const load = ['--trace', 'square', '--peak', '40', '--base', '5', '--period', '20s', '--duration', '40s', '--functions', '2', '--seed', '7'];
    const replicas = ['--start-up', '300ms', '--jitter', '0.1', '--room', '8', '--service', '50ms', '--distribution', 'fixed', '--patience', '10s', '--tick', '1s'];
    const csv = await done(cli.run(['simulate', ...load, ...replicas, '--label', 'com.openfaas.scale.target=10,20', '--by', 'com.openfaas.scale.target', '--output', 'csv']));
    expect(csv.split('\n').map((line) => line.split(',')[0])).toEqual(['target', '10', '20', '']);
    await done(cli.run(['simulate', ...load, '--svg', 'chart.svg']));
    expect(readFileSync(join(cli.folder, 'chart.svg'), 'utf8')).toMatch(/^<svg /);
  });
});
