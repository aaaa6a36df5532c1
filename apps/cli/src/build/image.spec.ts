import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, dockerBuildCommand, dockerPublishCommand, publishImage, pushImage, resetQemu, type ImageBuild, type ImagePublish } from './image';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shoal-image-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A program called docker, whose command lines `commands()` tells; `script` sees them as its arguments. */
function build(script = ''): ImagePublish {
  const docker = join(folder, 'docker');
  writeFileSync(docker, `#!/bin/sh\necho "$DOCKER_BUILDKIT $*" >>"${folder}/commands"\n${script}\n`);
  chmodSync(docker, 0o755);
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  return { name: 'hello', image: 'localhost:5000/hello:1', folder, buildArgs: {}, labels: {}, noCache: false, squash: false, quiet: false, env, platforms: 'linux/amd64,linux/arm64', extraTags: [] };
}

const commands = () => readFileSync(join(folder, 'commands'), 'utf8').trim().split('\n').map((line) => line.trim());

describe('dockerBuildCommand()', () => {
  it('says no more than it must', () => {
    expect(dockerBuildCommand(build()).join(' ')).toBe('docker build --tag localhost:5000/hello:1 .');
  });

  it('has all options, with proxies as build arguments unless they are given', () => {
    const all: ImageBuild = { ...build(), noCache: true, squash: true, quiet: true, buildArgs: { A: 'b c', https_proxy: 'mine' }, labels: { a: 'b=c' }, env: { http_proxy: 'p', https_proxy: 'q' } };
    expect(dockerBuildCommand(all)).toEqual([
      'docker', 'build', '--quiet', '--no-cache', '--squash', '--build-arg', 'http_proxy=p', '--build-arg', 'https_proxy=mine', '--build-arg', 'A=b c', '--label', 'a=b=c', '--tag', 'localhost:5000/hello:1', '.',
    ]);
  });
});

describe('dockerPublishCommand()', () => {
  it('names platforms and all tags', () => {
    expect(dockerPublishCommand({ ...build(), extraTags: ['latest', '2'] }).join(' ')).toBe(
      'docker buildx build --progress=plain --platform=linux/amd64,linux/arm64 --output=type=registry,push=true --tag localhost:5000/hello:1 --tag localhost:5000/hello:latest --tag localhost:5000/hello:2 .',
    );
    expect(dockerPublishCommand({ ...build(), quiet: true })).not.toContain('--progress=plain');
  });
});

describe('buildImage()', () => {
  it('builds with BuildKit where there is buildx, and elsewhere as Docker thinks best', async () => {
    await buildImage(build());
    await buildImage(build('test "$1" != buildx'));
    expect(commands()).toEqual(['buildx version', '1 build --tag localhost:5000/hello:1 .', 'buildx version', 'build --tag localhost:5000/hello:1 .']);
  });

  it('passes on what Docker says, unless it is to be quiet', async () => {
    const heard: string[] = [];
    const report = (text: string) => void heard.push(text);
    await buildImage({ ...build('echo working'), report });
    expect(heard.join('')).toBe('working\n');
    await buildImage({ ...build('echo working'), report, quiet: true });
    expect(heard.join('')).toBe('working\n');
  });

  it('rejects with build, and the end of what Docker said, when it fails', async () => {
    const failed = buildImage({ ...build('seq 100; echo wrong >&2; exit 2'), buildArgs: { TOKEN: 'secret' } });
    await expect(failed).rejects.toMatchObject({ reason: 'build', message: expect.stringMatching(/^function hello: "docker build" ended with 2\n62\n[\s\S]*wrong$/) });
    await expect(failed).rejects.not.toThrow('secret');
  });

  it('does not say twice what has just been read', async () => {
    const script = 'echo wrong; exit 2';
    const message = 'function hello: "docker build" ended with 2';
    await expect(buildImage({ ...build(script), isRead: true })).rejects.toMatchObject({ message });
    await expect(buildImage({ ...build(script), isRead: true, quiet: true })).rejects.toMatchObject({ message: `${message}\nwrong` });
  });

  it.each([
    'pull access denied for shoal/watchdog, repository does not exist or may require docker login',
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    'ERROR: failed to solve: node:22: failed to resolve source metadata for docker.io/library/node:22',
  ])('tells how to begin with another image when one cannot be had: %s', async (text) => {
    await expect(buildImage(build(`echo '${text}' >&2; exit 1`))).rejects.toMatchObject({ reason: 'build', hint: expect.stringContaining('WATCHDOG_IMAGE') });
  });

  it('has no such advice when something else fails', async () => {
    await expect(buildImage(build('echo no such file; exit 1'))).rejects.toMatchObject({ hint: undefined });
  });

  it.each(['Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?', 'permission denied while trying to connect to the Docker daemon socket'])(
    'rejects with missing when there is no engine, and with nothing else that Docker says: %s',
    async (text) => {
      await expect(buildImage(build(`echo DEPRECATED; echo '${text}' >&2; exit 1`))).rejects.toMatchObject({ reason: 'missing', message: `the Docker engine cannot be reached: ${text}`, hint: expect.stringContaining('--bundle') });
    },
  );

  it('rejects with missing when there is no Docker', async () => {
    await expect(buildImage({ ...build(), env: { PATH: tmpdir() } })).rejects.toMatchObject({ reason: 'missing', hint: expect.stringContaining('--bundle') });
  });
});

describe('publishImage()', () => {
  it('makes a builder, and lets it build and push', async () => {
    await publishImage(build());
    expect(commands()).toEqual(['buildx version', 'buildx create --use --name=multiarch --node=multiarch', dockerPublishCommand(build()).slice(1).join(' ')]);
  });

  it('rejects with missing when there is no buildx', async () => {
    await expect(publishImage(build('exit 1'))).rejects.toMatchObject({ reason: 'missing', message: expect.stringContaining('buildx') });
  });
});

it('pushImage() and resetQemu() run Docker', async () => {
  await pushImage(build());
  await pushImage({ ...build(), quiet: true });
  await resetQemu(build());
  expect(commands()).toEqual(['push localhost:5000/hello:1', 'push --quiet localhost:5000/hello:1', 'run --rm --privileged multiarch/qemu-user-static --reset -p yes']);
});

it.each(['denied: requested access to the resource is denied', 'no basic auth credentials', 'unauthorized: authentication required'])('pushImage() tells how to sign in when the registry refuses: %s', async (text) => {
  await expect(pushImage(build(`echo '${text}' >&2; exit 1`))).rejects.toMatchObject({ reason: 'build', message: expect.stringContaining(text), hint: expect.stringContaining('docker login') });
});
