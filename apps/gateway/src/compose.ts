import { createConnections } from '@shoal/adapters/http/forward';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { CallMetrics } from '@shoal/adapters/prometheus/call-metrics';
import { Functions } from '@shoal/domain/functions/functions';
import { Calls } from '@shoal/domain/invocation/calls';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { Namespaces } from '@shoal/domain/namespaces/namespaces';
import { Activator } from '@shoal/domain/scaling/activator';
import { IdleSleeper } from '@shoal/domain/scaling/idle-sleeper';
import { Secrets } from '@shoal/domain/secrets/secrets';
import type { Backend } from './backend/backend';
import { createLocalBackend } from './backend/local-backend';
import { createSwarmBackend } from './backend/swarm-backend';
import type { Config } from './config';
import { Authenticator } from './control-plane/authenticate';
import { createControlPlane } from './control-plane/control-plane';
import { ControlPlaneSettings } from './control-plane/control-plane-settings';
import { Readiness } from './control-plane/health.controller';
import { ProviderIdentity } from './control-plane/info.controller';
import { Logs } from './control-plane/logs.controller';
import type { Credentials } from './credentials';
import { CallHandler } from './data-plane/handle-call';
import { DataDirectory } from './data-directory';
import { httpStatusOf } from './http-status';
import { createMetricsServer, GatewayMetrics } from './metrics-server';
import { ReplicaFailures } from './replica-failures';
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

/**
 * Builds the gateway, in the order in which its parts need each other. Nothing listens yet.
 *
 * @param data needed for functions of this machine; a swarm keeps what is to be kept itself.
 */
export async function compose(config: Config, data: DataDirectory | undefined, credentials: Credentials | undefined, installation: Installation) {
  const clock = new SystemClock();
  const replicaFailures = new ReplicaFailures();
  const backend = createBackend({ config, data, installation, clock, replicaFailures });
  const { provider, secretStore, namespaceStore, logSource } = backend;
  const backendStarted = backend.start();
  backendStarted.catch(() => undefined); // Awaited below, when the rest is built; until then nobody would catch it.

  const namespaces = new Namespaces(config.functionNamespace, namespaceStore, provider, secretStore);
  const functions = new Functions(provider, namespaces, secretStore);
  const logs = new Logs(logSource);
  const secrets = new Secrets(secretStore, provider, namespaces);

  const directory = new ReplicaDirectory();
  const callMetrics = new CallMetrics((code) => httpStatusOf[code]);
  const sleeper = new IdleSleeper(provider, directory, clock);
  const calls = new Calls(directory, new Activator(provider), bothOf(callMetrics, sleeper), clock, backend.suspect);
  const metrics = new GatewayMetrics(callMetrics, replicaFailures, directory);

  const controlPlane = await createControlPlane({
    instances: [
      functions,
      secrets,
      namespaces,
      callMetrics,
      logs,
      new ControlPlaneSettings(config.functionNamespace, version),
      new ProviderIdentity(provider.info),
      new Readiness(backend.problem),
    ],
    authenticator: new Authenticator(credentials),
    metrics,
    version: version.release,
    portalFolder: installation.portalFolder,
  });
  await backendStarted;
  await provider.watch(directory.apply);

  const { functionNamespace, readTimeoutMs, writeTimeoutMs, upstreamTimeoutMs, tls } = config;
  const connections = createConnections();
  const callHandler = new CallHandler({ calls, connections, clock, functionNamespace, writeTimeoutMs, upstreamTimeoutMs });
  const server = new GatewayServer({ functionNamespace, readTimeoutMs, tls, callHandler, controlPlane });
  return { server, metricsServer: createMetricsServer(metrics), functions, logs, backend, sleeper };
}

interface BackendNeeds {
  readonly config: Config;
  readonly data: DataDirectory | undefined;
  readonly installation: Installation;
  readonly clock: SystemClock;
  readonly replicaFailures: ReplicaFailures;
}

function createBackend({ config, data, installation, clock, replicaFailures }: BackendNeeds): Backend {
  if (config.provider === 'swarm') return createSwarmBackend(config, replicaFailures);
  const { watchdogScript, samplesFolder } = installation;
  return createLocalBackend({
    data: data ?? DataDirectory.open(config.home),
    watchdogScript,
    bundleFolders: [...config.bundleFolders, samplesFolder],
    env: process.env,
    clock,
  });
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
