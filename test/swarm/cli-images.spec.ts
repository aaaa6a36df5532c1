import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithPrograms } from '../describe-with';
import { Cli } from '../e2e/cli-process';
import { describeOnEngine } from './describe-on-engine';
import { startRegistry, type Registry } from './registry';
import { makeTemplateImages, TEMPLATE_BASE } from './template-images';

const runFile = promisify(execFile);
const BASE = ['--build-arg', `BASE_IMAGE=${TEMPLATE_BASE}`];

describeOnEngine('shoal, with a Docker engine', (engine) => {
  const { host, pid } = engine;
  let cli: Cli;

  beforeAll(async () => {
    await makeTemplateImages(engine);
  });
  beforeEach(async () => {
    cli = new Cli({ DOCKER_HOST: host });
    expect(await cli.run(['new', 'made', '--lang', 'bash'])).toMatchObject({ code: 0 });
  });
  afterEach(() => cli.dispose());

  const docker = async (...args: readonly string[]) => (await runFile('docker', ['-H', host, ...args])).stdout.trim();
  const dockerfile = () => join(cli.folder, 'template/bash/Dockerfile');
  /** Adds a step before the last stage's end. */
  const addStep = (step: string) => writeFileSync(dockerfile(), readFileSync(dockerfile(), 'utf8').replace('WORKDIR', `${step}\nWORKDIR`));

  it('build --shrinkwrap puts together what an image is built from, and builds none', async () => {
    expect(await cli.run(['build', '--shrinkwrap'])).toMatchObject({ code: 0, stdout: 'made shrink-wrapped to ./build/made/\n' });
    await docker('build', '--quiet', '--tag', 'shrink-wrapped', ...BASE, join(cli.folder, 'build/made'));
    expect(await docker('run', '--rm', '--entrypoint', 'bash', 'shrink-wrapped', 'handler.sh')).toBe('Hello, world!');
  });

  it('build names the image after its contents, and gives it labels', async () => {
    const { code, stdout } = await cli.run(['build', '--tag', 'digest', '--build-label', 'team=a=b', '--quiet', ...BASE]);
    expect(code).toBe(0);
    const [, image] = /^Image: (made:[0-9a-f]{32}) built\.\n$/.exec(stdout)!;
    expect(JSON.parse(await docker('inspect', '--format', '{{json .Config.Labels}}', image!))).toMatchObject({ team: 'a=b' });
  });

  it('build does again with --no-cache only what was done before', async () => {
    // Of this run only: an engine may have been used before.
    addStep(`RUN true ${cli.folder} && echo done`);
    const isDone = async (...flags: readonly string[]) => /^(?:#.* )?done$/m.test((await cli.run(['build', ...BASE, ...flags])).stderr);
    expect([await isDone(), await isDone(), await isDone('--no-cache')]).toEqual([true, false, true]);
  });

  it('build says what is wrong, what came before it in Docker’s words, and ends with 8', async () => {
    addStep('RUN echo cannot work && exit 3');
    const { code, stderr } = await cli.run(['build', '--quiet', ...BASE]);
    expect({ code, stderr }).toEqual({ code: 8, stderr: expect.stringMatching(/Error: function made: "docker build" ended with \d+\n[\s\S]*^(?:#.* )?cannot work$/m) });
  });

  it('build tells how to begin with another image when one cannot be had', async () => {
    expect(await cli.run(['build', '--build-arg', 'BASE_IMAGE=localhost:1/nothing'])).toMatchObject({ code: 8, stderr: expect.stringContaining('--build-arg BASE_IMAGE=') });
  });

  it('build ends with 9 when there is no engine, and publish when there is no buildx', async () => {
    const noEngine = await cli.run(['build', ...BASE], { env: { DOCKER_HOST: `unix://${cli.folder}/nobody.sock` } });
    expect(noEngine).toMatchObject({ code: 9, stderr: expect.stringMatching(/^Error: the Docker engine cannot be reached: Cannot connect .*\nstart it, /m) });
    if (spawnSync('docker', ['buildx', 'version']).status === 0) return;
    expect(await cli.run(['publish', ...BASE])).toMatchObject({ code: 9, stderr: expect.stringContaining('buildx') });
  });

  it('a build that is interrupted ends with 130, and nothing of it goes on', async () => {
    expect(await cli.run(['build', '--quiet', ...BASE])).toMatchObject({ code: 0 });
    const before = await docker('inspect', '--format', '{{.Id}}', 'made:latest');
    addStep('RUN echo under way && sleep 1234');
    const build = cli.start(['build', ...BASE]);
    await build.says(/^(?:#.* )?under way$/m);
    build.signal('SIGINT');
    expect(await build.ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/Interrupted\.\n$/) });
    expect(spawnSync('pgrep', ['-f', `docker build .*${TEMPLATE_BASE}`]).status).toBe(1);
    expect(await docker('inspect', '--format', '{{.Id}}', 'made:latest')).toBe(before);
    expect(readdirSync(join(cli.folder, 'build'))).toEqual(['made']);
    expect(readFileSync(join(cli.folder, 'build/made/Dockerfile'), 'utf8')).toContain('ENTRYPOINT');
  });

  it('push refuses a name without a registry, with 2', async () => {
    expect(await cli.run(['push'])).toMatchObject({ code: 2, stderr: expect.stringContaining('made:latest names no registry') });
  });

  describeWithPrograms('a private registry', ['docker-registry'], 'docker-registry', () => {
    let registry: Registry;

    beforeAll(async () => {
      registry = await startRegistry(pid);
    });
    afterAll(() => registry.end());

    it('push uses the credentials of Docker, and tells how to get some', async () => {
      expect(await cli.run(['new', 'mine', '--lang', 'bash', '--prefix', `${registry.address}/private`])).toMatchObject({ code: 0 });
      expect(await cli.run(['build', '--filter', 'mine', '--quiet', ...BASE])).toMatchObject({ code: 0 });
      expect(await cli.run(['push', '--filter', 'mine'])).toMatchObject({ code: 8, stderr: expect.stringContaining('docker login') });
      mkdirSync(join(cli.folder, '.docker'));
      writeFileSync(join(cli.folder, '.docker/config.json'), registry.dockerConfig);
      expect(await cli.run(['push', '--filter', 'mine'])).toMatchObject({ code: 0, stdout: `Image: ${registry.address}/private/mine:latest pushed.\n` });
      await docker('image', 'rm', `${registry.address}/private/mine:latest`);
    });
  });
});
