import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../e2e/cli-process';
import { GatewayProcess } from '../e2e/gateway-process';
import { describeOnEngine, WATCHDOG_IMAGE } from './describe-on-engine';

const STACK = 'generated';

describeOnEngine('what shoal generate writes for Swarm', ({ host, network }) => {
  const env = { DOCKER_HOST: host, SHOAL_FUNCTIONS_NETWORK: network };
  const docker = (...args: string[]) => execFileSync('docker', args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  let cli: Cli;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    cli = new Cli();
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network });
  });
  afterAll(async () => {
    docker('stack', 'rm', STACK);
    await gateway.dispose();
    cli.dispose();
  });

  it('is taken by docker stack deploy, and found, called and changed by the gateway as a function of its own', async () => {
    const functions = { shout: { image: WATCHDOG_IMAGE, skip_build: true, fprocess: 'tr a-z A-Z', environment: { PRICE: '5$$$${X}' }, annotations: { topic: 'loud' }, limits: { memory: '64Mi' } } };
    writeFileSync(join(cli.folder, 'stack.yml'), JSON.stringify({ provider: { name: 'openfaas' }, functions }));
    const { stdout } = await cli.run(['generate', '--api', 'swarm']);
    writeFileSync(join(cli.folder, 'swarm.yml'), stdout);
    docker('stack', 'deploy', '--resolve-image', 'never', '-c', join(cli.folder, 'swarm.yml'), STACK);
    const status = async (): Promise<Record<string, unknown>> => {
      const answer = await fetch(`${gateway.url}/system/function/shout`);
      return answer.ok ? ((await answer.json()) as Record<string, unknown>) : {};
    };
    await gateway.until(async () => (await status())['availableReplicas'] === 1);
    expect(await status()).toMatchObject({ image: WATCHDOG_IMAGE, envProcess: 'tr a-z A-Z', envVars: { PRICE: '5$${X}' }, annotations: { topic: 'loud' }, limits: { memory: '64Mi' } });
    expect(await (await fetch(`${gateway.url}/function/shout`, { method: 'POST', body: 'hello' })).text()).toBe('HELLO');
    expect((await fetch(`${gateway.url}/system/scale-function/shout`, { method: 'POST', body: JSON.stringify({ replicas: 2 }) })).status).toBe(202);
    await gateway.until(async () => (await status())['availableReplicas'] === 2);
  });
});
