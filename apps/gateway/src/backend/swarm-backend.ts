import { Engine } from '@shoal/adapters/swarm/engine';
import { SwarmFunctionProvider } from '@shoal/adapters/swarm/swarm-function-provider';
import { SwarmLogSource } from '@shoal/adapters/swarm/swarm-log-source';
import { SwarmNamespaceStore } from '@shoal/adapters/swarm/swarm-namespace-store';
import { SwarmSecretStore } from '@shoal/adapters/swarm/swarm-secret-store';
import { functionKey } from '@shoal/domain/functions/function-spec';
import type { ReplicaFailures } from '../replica-failures';
import type { Config } from '../config';
import type { Backend } from './backend';

/** Functions are services of a Docker Swarm, which also keeps their secrets and namespaces. */
export function createSwarmBackend(config: Config, replicaFailures: ReplicaFailures): Backend {
  const engine = new Engine();
  const { functionNamespace: defaultNamespace } = config;
  const warn = (text: string) => console.warn(text);
  const provider = new SwarmFunctionProvider(engine, {
    defaultNamespace,
    network: config.network,
    registryConfig: config.registryConfig,
    callTimeoutMs: config.upstreamTimeoutMs,
    warn,
    replicaFailed: (id, cause) => replicaFailures.add(functionKey(id), cause),
  });
  return {
    provider,
    secretStore: new SwarmSecretStore(engine, defaultNamespace),
    namespaceStore: new SwarmNamespaceStore(engine),
    logSource: new SwarmLogSource(engine, { defaultNamespace, warn }),
    description: { functions: 'as services of a Docker Swarm', data: 'in the swarm' },
    start: () => provider.start(),
    stop: () => provider.stop(),
    problem: () => provider.problem,
    suspect: (id, replicaId) => provider.suspect(id, replicaId),
  };
}
