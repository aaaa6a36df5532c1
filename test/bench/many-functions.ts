import { setImmediate as nextTurn } from 'node:timers/promises';
import { join } from 'node:path';
import type { LogLine } from '@shoal/domain/logs/log-source';
import { functionKey, parseFunctionSpec, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { CallStatistics, STATISTICS_STEP_MS, STATISTICS_WINDOW_MS } from '@shoal/domain/invocation/call-statistics';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { routeOf } from '@shoal/domain/invocation/route';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { InMemoryFunctionProvider } from '@shoal/domain/testing/in-memory-function-provider';
import { InMemoryNamespaceStore } from '@shoal/domain/testing/in-memory-namespace-store';
import { InMemorySecretStore } from '@shoal/domain/testing/in-memory-secret-store';
import type { Backend } from '../../apps/gateway/src/backend/backend';
import { compose } from '../../apps/gateway/src/compose';
import { loadConfig } from '../../apps/gateway/src/config';
import { listen } from '../../apps/gateway/src/server';

/*
 * The whole gateway with as many functions as asked for, which a provider in memory runs: one replica each, all of
 * them one upstream. Usage: many-functions COUNT UPSTREAM_URL [WORKER_SCRIPT]. Prints `{ url, metricsUrl }` when it is up; with an IPC
 * channel, where it says it too, and --expose-gc, it answers each question of its parent with a number.
 */
const LOOK_UPS = 200_000;
const STEADY_FUNCTIONS = 2_000;
const MAX_INFLIGHT = 1_000;
/** So often is looked whether the event loop goes on. */
const LOOK_MS = 5;

interface Questions {
  /** Bytes that live in the heap and beside it. */
  memory(): Promise<number>;
  /** Bytes that a function takes more when it is called in each step of the statistics for ten minutes, not just twice. */
  steady(): Promise<number>;
  /** Processor time so far, µs. */
  cpu(): number;
  /** The most work that was done in one piece since the last question, in ms of processor time: that is what holds the event loop up, whatever else the machine does. */
  piece(): number;
  /** How long it takes to find the function of a request, ns. */
  lookUp(): number;
}

/** As a stack file of a team would have it. */
function specOf(i: number): FunctionSpec {
  return parseFunctionSpec({
    service: `function-${i}`,
    namespace: 'openfaas-fn',
    image: `registry.example.com/team/function-${i}:1.0.${i}`,
    envVars: { write_debug: 'false', exec_timeout: '30s', greeting: `hello ${i}` },
    labels: { 'com.openfaas.scale.min': '1', 'com.openfaas.scale.max': '10', 'com.openfaas.scale.type': 'rps', team: `team-${i % 50}` },
    annotations: { topic: `topic-${i % 100}` },
    limits: { memory: '128Mi', cpu: '100m' },
  });
}

function backendOf(provider: InMemoryFunctionProvider): Backend {
  return {
    provider,
    secretStore: new InMemorySecretStore(),
    namespaceStore: new InMemoryNamespaceStore(),
    logSource: { read: async function* (): AsyncGenerator<LogLine> {} },
    description: { functions: 'in memory', data: 'nowhere' },
    start: async () => undefined,
    stop: async () => undefined,
    problem: () => undefined,
    suspect: () => undefined,
  };
}

async function main(count: number, upstreamUrl: string, workerScript?: string): Promise<void> {
  const config = loadConfig({ ...process.env, basic_auth: 'false', SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0' });
  const provider = new InMemoryFunctionProvider();
  provider.maxInflight = MAX_INFLIGHT;
  provider.baseUrl = upstreamUrl;
  for (let i = 0; i < count; i++) await provider.apply(specOf(i));
  const nowhere = join(config.home, 'nowhere');
  const installation = { watchdogScript: nowhere, workerScript: workerScript ?? nowhere, portalFolder: nowhere, samplesFolder: nowhere };
  const gateway = await compose(config, undefined, undefined, installation, backendOf(provider));
  const port = await gateway.server.listen(config.host, config.port, 'SHOAL_PORT');
  const metricsPort = await listen(gateway.metricsServer, { host: config.metricsHost, port: config.metricsPort, setting: 'SHOAL_METRICS_PORT' });
  gateway.scaling.start();
  await gateway.asynchronous?.start();

  const urls = { url: `http://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
  console.log(JSON.stringify(urls));
  // With --cpu-prof, Node writes the profile only when it ends by itself.
  process.on('SIGTERM', () => process.exit(0));
  if (process.send) answerQuestions(provider, count, urls);
}

function answerQuestions(provider: InMemoryFunctionProvider, count: number, urls: object): void {
  const cpuUs = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  let before = cpuUs();
  let longestUs = 0;
  const look = () => {
    const now = cpuUs();
    longestUs = Math.max(longestUs, now - before);
    before = now;
  };
  setInterval(look, LOOK_MS).unref();
  const questions: Questions = {
    memory: memoryBytes,
    steady: steadyBytes,
    cpu: cpuUs,
    piece: () => {
      look();
      const longestMs = longestUs / 1_000;
      longestUs = 0;
      return longestMs;
    },
    lookUp: () => lookUpNs(provider, count),
  };
  process.on('message', (name: keyof Questions) => void Promise.resolve(questions[name]()).then((value) => process.send!(value)));
  process.send!(urls);
}

async function memoryBytes(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** In statistics of its own, whose clock can be set. */
async function steadyBytes(): Promise<number> {
  const clock = new FakeClock();
  const statistics = new CallStatistics(clock, { statusOf: () => 500, exists: () => true });
  const keys = Array.from({ length: STEADY_FUNCTIONS }, (_, i) => `steady-${i}.openfaas-fn`);
  const callTwice = () => {
    for (const key of [...keys, ...keys]) {
      statistics.started(key);
      statistics.ended(key, 200, 10);
    }
  };
  callTwice();
  const twiceBytes = await memoryBytes();
  for (let atMs = STATISTICS_STEP_MS; atMs < STATISTICS_WINDOW_MS; atMs += STATISTICS_STEP_MS) {
    clock.advance(STATISTICS_STEP_MS);
    callTwice();
  }
  const bytes = (await memoryBytes()) - twiceBytes;
  // Asked afterwards, so that the statistics are not collected before.
  const points = statistics.points(keys[0]!).length;
  if (points !== STATISTICS_WINDOW_MS / STATISTICS_STEP_MS) throw new Error(`the statistics have ${points} steps of ten minutes`);
  return bytes / STEADY_FUNCTIONS;
}

/** In a directory of its own: the gateway's is not to be had from outside, and is the same. */
let directory: ReplicaDirectory | undefined;

function lookUpNs(provider: InMemoryFunctionProvider, count: number): number {
  if (!directory) void provider.watch((directory = new ReplicaDirectory()).apply);
  const targets = Array.from({ length: LOOK_UPS }, (_, i) => `/function/function-${(i * 7919) % count}/a/path?query=1`);
  const startedNs = process.hrtime.bigint();
  for (const target of targets) {
    const route = routeOf('GET', target, 'openfaas-fn');
    if (route.kind !== 'function' || !directory.find(functionKey(route.id))) throw new Error(`${target} was not found`);
  }
  return Number(process.hrtime.bigint() - startedNs) / LOOK_UPS;
}

void main(Number(process.argv[2]), process.argv[3]!, process.argv[4]);
