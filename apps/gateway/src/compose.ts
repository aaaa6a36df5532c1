import { CronerCron } from '@shoal/adapters/cron/croner-cron';
import { createConnections } from '@shoal/adapters/http/connections';
import { connectInProcess, createInProcessServer } from '@shoal/adapters/http/in-process-connection';
import { NodeSockets } from '@shoal/adapters/http/node-sockets';
import { ReplicaInvoker } from '@shoal/adapters/http/replica-invoker';
import { Upstreams } from '@shoal/adapters/http/upstreams';
import { connectionRoom } from '@shoal/adapters/process/connection-room';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { CallMetrics } from '@shoal/adapters/prometheus/call-metrics';
import { PrometheusMetricsSource } from '@shoal/adapters/prometheus/prometheus-metrics-source';
import { scalingMetrics } from '@shoal/adapters/prometheus/scaling-metrics';
import { requireSchedule } from '@shoal/domain/queue/schedule';
import { Functions } from '@shoal/domain/functions/functions';
import { ReplicaHistory } from '@shoal/domain/functions/replica-history';
import { observers } from '@shoal/domain/invocation/call-observer';
import { CallStatistics } from '@shoal/domain/invocation/call-statistics';
import { Calls } from '@shoal/domain/invocation/calls';
import { ReplicaDirectory, type FunctionEntry } from '@shoal/domain/invocation/replica-directory';
import { Namespaces } from '@shoal/domain/namespaces/namespaces';
import { Activator } from '@shoal/domain/scaling/activator';
import { Activity } from '@shoal/domain/scaling/activity';
import { Autoscaler } from '@shoal/domain/scaling/autoscaler';
import type { FunctionLoad, MetricsSource } from '@shoal/domain/scaling/metrics-source';
import { SCALE_LABEL, SCALING_TYPES, type ScalingType } from '@shoal/domain/scaling/scaling-policy';
import { Secrets } from '@shoal/domain/secrets/secrets';
import { createAsynchronous, openQueue, type Asynchronous } from './asynchronous';
import { createBackUps } from './back-up';
import type { Backend } from './backend/backend';
import { createLocalBackend } from './backend/local-backend';
import { createSwarmBackend } from './backend/swarm-backend';
import type { Config } from './config';
import { AsyncCallLookup } from './control-plane/async-calls.controller';
import { Authenticator } from './control-plane/authenticate';
import { BackUps } from './control-plane/backup.controller';
import { createControlPlane } from './control-plane/control-plane';
import { ControlPlaneSettings } from './control-plane/control-plane-settings';
import { EventStreams } from './control-plane/event-streams';
import { Readiness } from './control-plane/health.controller';
import { ProviderIdentity } from './control-plane/info.controller';
import { LiveView } from './control-plane/live-view';
import { Logs } from './control-plane/logs.controller';
import { QueueCounts } from './control-plane/queue-counts';
import { Schedules } from './control-plane/schedules';
import { Sessions } from './control-plane/sessions';
import type { Credentials } from './credentials';
import { AsyncCallHandler } from './data-plane/handle-async-call';
import { CallHandler } from './data-plane/handle-call';
import type { DataDirectory } from './data-directory';
import { httpStatusOf } from './http-status';
import { createMetricsServer, GatewayMetrics } from './metrics-server';
import { ReplicaFailures } from './replica-failures';
import { logScaling, ScalingLoop } from './scaling-loop';
import { relay, relayTarget } from './relay';
import { GatewayServer } from './server';
import { tlsServerOf } from './tls';
import { version } from './version';
import { Sharing } from './workers/sharing';
import { workerMetrics } from './workers/worker-metrics';
import { WorkerPool } from './workers/worker-pool';
import { WorkersFront } from './workers/workers-front';

/** Where the parts of the product lie on this machine. */
export interface Installation {
  /** The watchdog's program file. */
  readonly watchdogScript: string;
  /** The data-plane workers' program file. */
  readonly workerScript: string;
  readonly portalFolder: string;
  /** Bundles that come with the product. */
  readonly samplesFolder: string;
}

export type Gateway = Awaited<ReturnType<typeof compose>>;

/**
 * Builds the gateway, in the order in which its parts need each other. Nothing listens yet.
 *
 * @param data needed for functions of this machine; a swarm keeps what is to be kept itself.
 * @param chosen runs the functions instead of the one that the configuration names.
 */
export async function compose(config: Config, data: DataDirectory | undefined, credentials: Credentials | undefined, installation: Installation, chosen?: Backend) {
  const clock = new SystemClock();
  const replicaFailures = new ReplicaFailures(clock);
  // Ahead of all that runs: a queue that cannot be opened, of another version perhaps, leaves everything as it is.
  const queue = await openQueue(config, clock);
  await data?.markOpened();
  const backend = chosen ?? createBackend({ config, data, installation, clock, replicaFailures });
  const { provider, secretStore, namespaceStore, logSource } = backend;
  const backendStarted = backend.start();
  backendStarted.catch(() => undefined); // Awaited below, when the rest is built; until then nobody would catch it.

  const namespaces = new Namespaces(config.functionNamespace, namespaceStore, provider, secretStore);
  const cron = new CronerCron();
  const functions = new Functions(provider, namespaces, secretStore, {
    measured: measuredTypes(config),
    requireSchedule: ({ annotations }) => requireSchedule(annotations, cron),
  });
  const logs = new Logs(logSource);
  const secrets = new Secrets(secretStore, provider, namespaces);

  const sharing = config.workers > 1 ? new Sharing(clock) : undefined;
  const directory = sharing?.directory ?? new ReplicaDirectory();
  const countingClock = sharing?.countingClock ?? clock;
  const callMetrics = new CallMetrics((code) => httpStatusOf[code], clock);
  const activity = new Activity(directory, countingClock);
  const statistics = new CallStatistics(countingClock, { statusOf: (code) => httpStatusOf[code], exists: (key) => directory.find(key) !== undefined });
  const replicaHistory = new ReplicaHistory(clock);
  const observer = observers(callMetrics, activity, statistics);
  const activator = new Activator(provider, clock);
  const calls = new Calls(directory, activator, sharing?.observeBy(observer) ?? observer, clock, backend.suspect);
  const metrics = new GatewayMetrics();
  const { functionNamespace, readTimeoutMs, writeTimeoutMs, upstreamTimeoutMs, tls } = config;
  const invoker = new ReplicaInvoker({ calls, connections: createConnections(), upstreamTimeoutMs });
  const asynchronous = queue && createAsynchronous({ config, queue, invoker, directory, clock, cron });
  const source = withQueued(createMetricsSource(config, activity), directory, asynchronous);
  const autoscaler = new Autoscaler({ provider, directory, metrics: source, clock, changed: logScaling });
  const lookup = new AsyncCallLookup(asynchronous?.queuedCalls);
  const queueCounts = new QueueCounts(asynchronous?.queuedCalls, clock);
  const schedules = new Schedules(asynchronous?.scheduler);
  const liveView = new LiveView({
    directory,
    statistics,
    queueCounts,
    schedules,
    invocations: (key) => callMetrics.invocations(key),
    problem: backend.problem,
    gateway: {
      provider: provider.info.orchestration,
      version: version.release,
      namespace: config.functionNamespace,
      startedAt: new Date(clock.nowMs()).toISOString(),
    },
  });
  const events = new EventStreams(liveView, queueCounts, clock);
  metrics.add(callMetrics.metrics());
  metrics.add(replicaFailures.metrics());
  metrics.add(scalingMetrics({ directory, autoscaler, lastCalls: activity }));
  if (asynchronous) metrics.add(asynchronous.metrics);

  const sessions = new Sessions(clock);
  const controlPlane = await createControlPlane({
    instances: [
      functions,
      secrets,
      namespaces,
      callMetrics,
      logs,
      autoscaler,
      lookup,
      directory,
      statistics,
      replicaHistory,
      events,
      schedules,
      new BackUps(createBackUps({ config, data, queue })),
      new ControlPlaneSettings(config.functionNamespace, version),
      new ProviderIdentity(provider.info),
      new Readiness(backend.problem, () => queue?.problem),
    ],
    authenticator: new Authenticator(credentials, sessions),
    sessions,
    metrics,
    version: version.release,
    portalFolder: installation.portalFolder,
  });
  await backendStarted;
  await provider.watch((change) => {
    (sharing ?? directory).apply(change);
    replicaHistory.apply(change);
    callMetrics.apply(change);
    replicaFailures.apply(change);
    asynchronous?.apply(change);
  });

  // The workers' callers come through TLS; what the workers pass on does not.
  const sockets = new NodeSockets(tls && !sharing ? tlsServerOf(tls) : undefined);
  const callHandler = new CallHandler({ calls, upstreams: new Upstreams(sockets), clock, functionNamespace, writeTimeoutMs, upstreamTimeoutMs });
  const asyncCallHandler = new AsyncCallHandler(asynchronous);
  const inProcess = createInProcessServer(controlPlane);
  const server = new GatewayServer({
    sockets,
    relayed: sharing !== undefined,
    room: connectionRoom((text) => console.warn(text)),
    functionNamespace,
    readTimeoutMs,
    callHandler,
    others: (exchange, route) => {
      if (route.kind === 'async-function') void asyncCallHandler.handle(exchange, route);
      else {
        const connection = relayTarget({ connect: async () => connectInProcess(inProcess, exchange.peer) });
        connection.close(); // After this exchange: it shows whose it is.
        void relay(exchange, connection);
      }
    },
  });
  const pool = sharing && new WorkerPool({ count: config.workers, script: installation.workerScript, sharing, activator, clock, unreachable: backend.suspect });
  if (pool) metrics.add(workerMetrics(pool));
  const front = pool ? new WorkersFront(pool, server, sockets) : server;
  return { server: front, metricsServer: createMetricsServer(metrics), functions, logs, lookup, events, backend, asynchronous, scaling: new ScalingLoop(autoscaler) };
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
  if (!data) throw new Error('functions of this machine need a data directory');
  const { watchdogScript, samplesFolder } = installation;
  return createLocalBackend({
    data,
    watchdogScript,
    bundleFolders: [...config.bundleFolders, samplesFolder],
    env: process.env,
    clock,
  });
}

/** This gateway's own counters are the quickest; several gateways, and CPU, need somebody who sees more. */
function createMetricsSource({ prometheusUrl, cpuQuery }: Config, activity: Activity): MetricsSource {
  if (prometheusUrl === undefined) return activity;
  const prometheus = new PrometheusMetricsSource({ baseUrl: prometheusUrl, cpuQuery, warn: (text) => console.warn(text) });
  return {
    measure: async () => {
      // What our counters know of each function is what Prometheus scrapes; and they know how long a call takes.
      const own = await activity.measure();
      const all = await prometheus.measure();
      return new Map([...all].map(([key, load]) => [key, withOwn(load, own.get(key))]));
    },
  };
}

/** Calls that wait in the queue are load for functions that scale by it; where there are none, nobody asks it each second. */
function withQueued(source: MetricsSource, directory: ReplicaDirectory, asynchronous: Asynchronous | undefined): MetricsSource {
  if (!asynchronous) return source;
  const scalesByQueue = ({ state }: FunctionEntry) => state.spec.labels[`${SCALE_LABEL}type`] === 'queue';
  return {
    measure: async () => {
      if (![...directory.all()].some(scalesByQueue)) return source.measure();
      // Scaling goes on by what else is known while the queue is away.
      const [loads, depths] = await Promise.all([source.measure(), asynchronous.depths().catch(() => [])]);
      const queued = new Map(depths.map((depth) => [depth.functionKey, depth.queued]));
      return queued.size === 0 ? loads : new Map([...loads].map(([key, load]) => [key, queued.has(key) ? { ...load, queued: queued.get(key)! } : load]));
    },
  };
}

/** A call that has just come here is in no scrape yet. */
function withOwn(load: FunctionLoad, own: FunctionLoad | undefined): FunctionLoad {
  if (!own) return load;
  return { ...load, idleMs: Math.min(load.idleMs, own.idleMs), ...(own.serviceMs === undefined ? {} : { serviceMs: own.serviceMs }) };
}

function measuredTypes({ cpuQuery }: Config): readonly ScalingType[] {
  return SCALING_TYPES.filter((type) => type !== 'cpu' || cpuQuery !== undefined);
}
