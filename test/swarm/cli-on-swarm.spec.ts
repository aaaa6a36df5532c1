import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../e2e/cli-process';
import { GatewayProcess } from '../e2e/gateway-process';
import { describeOnEngine } from './describe-on-engine';
import { failuresOf, SteadyLoad } from './steady-load';
import { makeTemplateImages, TEMPLATE_BASE } from './template-images';

const PER_SECOND = 50;
const TEMPLATES = ['node', 'bash', 'dockerfile'] as const;

describeOnEngine('shoal, with a gateway on a swarm', (engine) => {
  const { host, network } = engine;
  let gateway: GatewayProcess;
  let cli: Cli;

  beforeAll(async () => {
    [gateway] = await Promise.all([GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network }), makeTemplateImages(engine)]);
    cli = new Cli({ DOCKER_HOST: host, OPENFAAS_URL: gateway.url });
  });
  afterAll(async () => {
    await cli.run(['remove']);
    await gateway.dispose();
    cli.dispose();
  });

  const up = (...flags: readonly string[]) => cli.run(['up', '--build-arg', `BASE_IMAGE=${TEMPLATE_BASE}`, ...flags]);
  const call = async (name: string, body: string) => {
    const answer = await fetch(`${gateway.url}/function/${name}`, { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } });
    return { status: answer.status, text: await answer.text() };
  };

  it('makes functions of templates, builds their images, deploys them, and tells what was not pushed', async () => {
    for (const lang of TEMPLATES) expect(await cli.run(['new', lang, '--lang', lang])).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await up('--parallel', String(TEMPLATES.length));
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of TEMPLATES) {
      expect(stdout).toContain(`Image: ${name}:latest built.\n`);
      expect(stdout).toContain(`URL: ${gateway.url}/function/${name}\n`);
      expect(stderr).toContain(`Not pushed: ${name}:latest names no registry`);
      // Docker's lines of several builds, which can be told apart.
      expect(stderr).toMatch(new RegExp(`^${name} \\| .+`, 'm'));
    }
    const answers = await Promise.all(TEMPLATES.map((name) => call(name, 'Ada')));
    expect(answers).toEqual([{ status: 200, text: 'Hello, Ada!\n' }, { status: 200, text: 'Hello, Ada!\n' }, { status: 200, text: 'Ada' }]);
  });

  it('runs the new code when "up" has ended, and loses no call meanwhile', async () => {
    const handler = join(cli.folder, 'node/handler.js');
    writeFileSync(handler, readFileSync(handler, 'utf8').replace('Hello', 'Good day'));
    const records = await SteadyLoad.during({ url: `${gateway.url}/function/node`, perSecond: PER_SECOND }, async () => {
      const { code, stdout } = await up('--filter', 'node', '--quiet');
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('It was there, and is updated.') });
      expect(await call('node', 'Ada')).toEqual({ status: 200, text: 'Good day, Ada!\n' });
    });
    expect(failuresOf(records)).toEqual([]);
    expect(new Set(records.map(({ body }) => body.split(',')[0]))).toEqual(new Set(['Hello', 'Good day']));
  });

  it('deploys nothing when the build fails, and says why, once', async () => {
    const dockerfile = join(cli.folder, 'dockerfile/Dockerfile');
    const before = readFileSync(dockerfile, 'utf8');
    writeFileSync(dockerfile, before.replace('WORKDIR', 'RUN echo this cannot work && exit 3\nWORKDIR'));
    const { code, stdout, stderr } = await up('--filter', 'dockerfile');
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toMatch(/^Error: function dockerfile: "docker build" ended with \d+$/m);
    const [docker, error] = stderr.split(/^(?=Error: )/m);
    expect(docker).toMatch(/^(?:#.* )?this cannot work$/m);
    expect(error).not.toContain('this cannot work');
    expect(await call('dockerfile', 'as before')).toEqual({ status: 200, text: 'as before' });
    writeFileSync(dockerfile, before);
  });

  it('calls a function, has its lines, and scales it', async () => {
    expect(await cli.run(['invoke', 'bash'], { input: 'Ada' })).toMatchObject({ code: 0, stdout: 'Hello, Ada!\n' });
    expect(await cli.run(['logs', 'bash', '--no-follow'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Wrote 12 Bytes') });
    expect(await cli.run(['scale', 'bash', '2'])).toMatchObject({ code: 0 });
    await gateway.until(async () => (JSON.parse((await cli.run(['describe', 'bash', '--output', 'json'])).stdout) as { availableReplicas: number }).availableReplicas === 2);
  });

  it('removes all of the stack file', async () => {
    expect(await cli.run(['remove'])).toMatchObject({ code: 0 });
    expect(await call('bash', '')).toMatchObject({ status: 404 });
    expect(await cli.run(['remove', 'bash'])).toMatchObject({ code: 5 });
  });
});
