import { join } from 'node:path';
import { LocalFunctionProvider } from '@shoal/adapters/local/local-function-provider';
import { LocalLogSource } from '@shoal/adapters/local/local-log-source';
import { LocalNamespaceStore } from '@shoal/adapters/local/local-namespace-store';
import { LocalSecretStore } from '@shoal/adapters/local/local-secret-store';
import { killMarked } from '@shoal/adapters/process/kill-marked';
import type { Clock } from '@shoal/domain/shared/clock';
import type { DataDirectory } from '../data-directory';
import type { Backend } from './backend';

export interface LocalBackendOptions {
  readonly data: DataDirectory;
  /** The watchdog's program file. */
  readonly watchdogScript: string;
  readonly bundleFolders: readonly string[];
  /** From which the harmless part reaches the functions. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Functions are processes of this machine, and files say which. */
export function createLocalBackend({ data, watchdogScript, bundleFolders, env, clock }: LocalBackendOptions): Backend {
  const home = data.path;
  const provider = new LocalFunctionProvider({
    home,
    watchdogScript,
    bundleFolders: [join(home, 'bundles'), ...bundleFolders],
    instanceId: data.instanceId,
    env,
    killMarked,
    clock,
    warn: (text) => console.warn(text),
  });
  return {
    provider,
    secretStore: new LocalSecretStore(join(home, 'secrets')),
    namespaceStore: new LocalNamespaceStore(join(home, 'namespaces.json')),
    logSource: new LocalLogSource(() => provider.hostUrl),
    description: { functions: 'as processes of this machine, without a sandbox', data: home },
    start: () => provider.start(),
    stop: () => provider.stop(),
    problem: () => (provider.hostUrl === undefined ? 'the function host is not running' : undefined),
    // The host tells itself when a replica is gone.
    suspect: () => undefined,
  };
}
