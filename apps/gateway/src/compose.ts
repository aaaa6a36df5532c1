import { join } from 'node:path';
import { createConnections } from '@shoal/adapters/http/forward';
import { LocalFunctionProvider } from '@shoal/adapters/local/local-function-provider';
import { LocalLogSource } from '@shoal/adapters/local/local-log-source';
import { LocalNamespaceStore } from '@shoal/adapters/local/local-namespace-store';
import { LocalSecretStore } from '@shoal/adapters/local/local-secret-store';
import { killMarked } from '@shoal/adapters/process/kill-marked';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { CallMetrics } from '@shoal/adapters/prometheus/call-metrics';
import { Functions } from '@shoal/domain/functions/functions';
import { Calls } from '@shoal/domain/invocation/calls';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { Namespaces } from '@shoal/domain/namespaces/namespaces';
import { Activator } from '@shoal/domain/scaling/activator';
import { IdleSleeper } from '@shoal/domain/scaling/idle-sleeper';
import { Secrets } from '@shoal/domain/secrets/secrets';
import type { Config } from './config';
import { Authenticator } from './control-plane/authenticate';
import { createControlPlane } from './control-plane/control-plane';
import { ControlPlaneSettings } from './control-plane/control-plane-settings';
import { Readiness } from './control-plane/health.controller';
import { ProviderIdentity } from './control-plane/info.controller';
import { Logs } from './control-plane/logs.controller';
import type { Credentials } from './credentials';
import { CallHandler } from './data-plane/handle-call';
import type { DataDirectory } from './data-directory';
import { httpStatusOf } from './http-status';
import { createMetricsServer, GatewayMetrics } from './metrics-server';
import { GatewayServer } from './server';
import { version } from './version';

/** Where the parts of the product lie on this machine. */
export interface Installation {
  /** The watchdog's program file. */
  readonly watchdogScript: string;
  readonly portalFolder: string;
  /** Bundles that come with the product. */
  readonly samplesFolder: string;
}

export type Gateway = Awaited<ReturnType<typeof compose>>;

/** Builds the gateway, in the order in which its parts need each other. Nothing listens yet. */
export async function compose(config: Config, data: DataDirectory, credentials: Credentials | undefined, installation: Installation) {
  const clock = new SystemClock();
  const home = data.path;

  const provider = new LocalFunctionProvider({
    home,
    watchdogScript: installation.watchdogScript,
    bundleFolders: [join(home, 'bundles'), ...config.bundleFolders, installation.samplesFolder],
    instanceId: data.instanceId,
    env: process.env,
    killMarked,
    clock,
    warn: (text) => console.warn(text),
  });
  const secretStore = new LocalSecretStore(join(home, 'secrets'));
  const namespaceStore = new LocalNamespaceStore(join(home, 'namespaces.json'));
  const logSource = new LocalLogSource(() => provider.hostUrl);
  const providerStarted = provider.start();

  const namespaces = new Namespaces(config.functionNamespace, namespaceStore, provider, secretStore);
  const functions = new Functions(provider, namespaces, secretStore);
  const logs = new Logs(logSource);
  const secrets = new Secrets(secretStore, provider, namespaces);

  const directory = new ReplicaDirectory();
  const callMetrics = new CallMetrics((code) => httpStatusOf[code]);
  const sleeper = new IdleSleeper(provider, directory, clock);
  const calls = new Calls(directory, new Activator(provider), bothOf(callMetrics, sleeper), clock);
  const metrics = new GatewayMetrics(callMetrics, directory);

  const controlPlane = await createControlPlane({
    instances: [
      functions,
      secrets,
      namespaces,
      callMetrics,
      logs,
      new ControlPlaneSettings(config.functionNamespace, version),
      new ProviderIdentity(provider.info),
      new Readiness(() => (provider.hostUrl === undefined ? 'the function host is not running' : undefined)),
    ],
    authenticator: new Authenticator(credentials),
    metrics,
    version: version.release,
    portalFolder: installation.portalFolder,
  });
  await providerStarted;
  await provider.watch(directory.apply);

  const { functionNamespace, readTimeoutMs, writeTimeoutMs, upstreamTimeoutMs } = config;
  const connections = createConnections();
  const callHandler = new CallHandler({ calls, connections, clock, functionNamespace, writeTimeoutMs, upstreamTimeoutMs });
  const server = new GatewayServer({ functionNamespace, readTimeoutMs, callHandler, controlPlane });
  return { server, metricsServer: createMetricsServer(metrics), functions, logs, provider, sleeper };
}

function bothOf(first: CallMetrics, second: IdleSleeper) {
  return {
    started: (key: string) => {
      first.started(key);
      second.started(key);
    },
    ended: (...args: Parameters<CallMetrics['ended']>) => {
      first.ended(...args);
      second.ended(args[0]);
    },
  };
}
