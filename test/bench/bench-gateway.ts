import { connectionRoom } from '@shoal/adapters/process/connection-room';
import { NodeSockets } from '@shoal/adapters/http/node-sockets';
import { Upstreams } from '@shoal/adapters/http/upstreams';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { CallMetrics } from '@shoal/adapters/prometheus/call-metrics';
import { functionKey, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { observers } from '@shoal/domain/invocation/call-observer';
import { CallStatistics } from '@shoal/domain/invocation/call-statistics';
import { Calls } from '@shoal/domain/invocation/calls';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { Activator } from '@shoal/domain/scaling/activator';
import { Activity } from '@shoal/domain/scaling/activity';
import { InMemoryFunctionProvider } from '@shoal/domain/testing/in-memory-function-provider';
import { CallHandler } from '../../apps/gateway/src/data-plane/handle-call';
import { httpStatusOf } from '../../apps/gateway/src/http-status';
import { GatewayServer } from '../../apps/gateway/src/server';

/*
 * The gateway's data plane as `compose.ts` builds it, in front of one replica that is somewhere else: the benchmark's
 * one hop. Usage: bench-gateway UPSTREAM_URL; prints its port.
 */
const functionNamespace = 'openfaas-fn';
const readTimeoutMs = 60_000;
const writeTimeoutMs = 60_000;
const upstreamTimeoutMs = 60_000;

const spec: FunctionSpec = {
  id: { name: 'bench', namespace: functionNamespace },
  image: 'bench',
  envVars: {},
  constraints: [],
  secrets: [],
  labels: {},
  annotations: {},
  readOnlyRootFilesystem: false,
};

async function main(baseUrl: string): Promise<void> {
  const clock = new SystemClock();
  const provider = new InMemoryFunctionProvider();
  const directory = new ReplicaDirectory();
  const callMetrics = new CallMetrics((code) => httpStatusOf[code], clock);
  const statistics = new CallStatistics(clock, { statusOf: (code) => httpStatusOf[code], exists: (key) => directory.find(key) !== undefined });
  const observer = observers(callMetrics, new Activity(directory, clock), statistics);
  const calls = new Calls(directory, new Activator(provider, clock), observer, clock);
  const ready = [{ id: 'r1', baseUrl, maxInflight: 1_000 }];
  directory.apply({ kind: 'present', state: { spec, createdAt: new Date().toISOString(), replicas: 1, ready } });

  const sockets = new NodeSockets();
  const callHandler = new CallHandler({ calls, upstreams: new Upstreams(sockets), clock, functionNamespace, writeTimeoutMs, upstreamTimeoutMs });
  const others = () => {
    throw new Error(`the benchmark calls ${functionKey(spec.id)} only`);
  };
  const server = new GatewayServer({ sockets, functionNamespace, readTimeoutMs, callHandler, others, room: connectionRoom(console.warn) });
  console.log(await server.listen('127.0.0.1', 0, 'port'));
  // With --cpu-prof, Node writes the profile only when it ends by itself.
  process.on('SIGTERM', () => process.exit(0));
}

void main(process.argv[2]!);
