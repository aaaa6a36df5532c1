import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '@shoal/adapters/swarm/engine';
import { SwarmFunctionProvider } from '@shoal/adapters/swarm/swarm-function-provider';
import type { Service } from '@shoal/adapters/swarm/swarm-types';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { stateOf } from '../contracts/function-provider.contract';
import { describeWithPrograms } from '../describe-with';
import { describeOnEngine, WATCHDOG_IMAGE } from './describe-on-engine';
import { startRegistry, type Registry } from './registry';

const IMAGE = '127.0.0.1:5000/private/fn:1';

describeWithPrograms('a private registry', ['docker-registry'], 'docker-registry', () => {
  describeOnEngine('on the machine of the engine', ({ host, network, pid }) => {
    const engine = new Engine(host);
    const folder = mkdtempSync(join(tmpdir(), 'shoal-registry-'));
    const config = join(folder, 'config.json');
    let registry: Registry;
    let provider: SwarmFunctionProvider;

    const inspect = () => engine.ask((docker) => docker.getService('fn').inspect() as Promise<Service>);

    beforeAll(async () => {
      registry = await startRegistry(pid);
      await engine.ask((docker) => docker.getImage(WATCHDOG_IMAGE).tag({ repo: `${registry.address}/private/fn`, tag: '1' }));
      const progress = await engine.docker.getImage(IMAGE).push({ authconfig: registry.credentials });
      await new Promise<void>((resolve, reject) => engine.docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())));
      await engine.docker.getImage(IMAGE).remove();
    });
    afterEach(async () => {
      await provider.stop();
      await engine.find((docker) => docker.getService('fn').remove());
    });
    afterAll(() => {
      registry.end();
      rmSync(folder, { recursive: true });
    });

    async function deploy(registryConfig?: string) {
      provider = new SwarmFunctionProvider(engine, { defaultNamespace: 'ns', network, registryConfig, callTimeoutMs: 1_000, warn: () => undefined, replicaFailed: () => undefined });
      await provider.start();
      await provider.apply(aFunction('fn', { image: IMAGE, envProcess: 'cat' }));
    }

    it('is not open to whoever does not say who they are', async () => {
      await deploy();
      const state = await stateOf(provider, ({ notReadyBecause }) => notReadyBecause !== undefined);
      expect(state.notReadyBecause).toMatch(/No such image: 127.0.0.1:5000\/private\/fn:1/);
    });

    it('is asked with the credentials of the file, and for the digest, which the service gets', async () => {
      writeFileSync(config, registry.dockerConfig);
      await deploy(config);
      const state = await stateOf(provider, ({ ready }) => ready.length === 1);
      expect(state.spec.image).toBe(IMAGE);
      expect((await inspect()).Spec.TaskTemplate.ContainerSpec!.Image).toMatch(/^127\.0\.0\.1:5000\/private\/fn:1@sha256:[0-9a-f]{64}$/);
      // A machine that has it needs no registry.
      registry.stop();
      await provider.scale({ name: 'fn', namespace: 'ns' }, 2);
      await stateOf(provider, ({ ready }) => ready.length === 2);
    });
  });
});
