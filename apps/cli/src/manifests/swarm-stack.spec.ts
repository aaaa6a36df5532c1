import { toFunctionSpec, toServiceSpec } from '@shoal/adapters/swarm/service-spec';
import type { Amounts, ServiceSpec } from '@shoal/adapters/swarm/swarm-types';
import { parseFunctionSpec } from '@shoal/domain/functions/function-spec';
import { parseDurationMs } from '@shoal/domain/shared/duration';
import { swarmStack } from './swarm-stack';

const full = parseFunctionSpec({
  service: 'hello',
  namespace: 'staging',
  image: 'example/hello:1',
  envProcess: 'sh -c "echo $HOME ${X}"',
  envVars: { PRICE: '5$', exec_timeout: '90s', SWITCH: 'on' },
  constraints: ['node.labels.zone == b$'],
  secrets: ['db-password'],
  labels: { 'com.openfaas.scale.min': '2', cost: '$1' },
  annotations: { topic: 'x' },
  limits: { memory: '10m', cpu: '100m' },
  requests: { memory: '128Mi' },
  readOnlyRootFilesystem: true,
});
const plain = parseFunctionSpec({ service: 'plain', namespace: 'openfaas-fn', image: 'example/plain' });

/** What the gateway would create for the same function. */
const wanted = (spec: typeof full, replicas: number): ServiceSpec =>
  toServiceSpec(spec, {
    defaultNamespace: 'openfaas-fn',
    networks: ['functions'],
    secrets: spec.secrets.map((name) => ({ SecretID: name, SecretName: name, File: { Name: `/var/openfaas/secrets/${name}`, UID: '0', GID: '0', Mode: 0o444 } })),
    image: spec.image,
    replicas,
    forceUpdate: 0,
    callTimeoutMs: 60_000,
  });

it('swarmStack() says what the gateway would create by itself', () => {
  const { services } = swarmStack([full, plain], 'openfaas-fn') as { services: Record<string, StackService> };
  expect(readService(services['hello']!)).toEqual({ ...wanted(full, 2), Name: 'from-the-stack' });
  expect(readService(services['plain']!)).toEqual({ ...wanted(plain, 1), Name: 'from-the-stack' });
});

it('swarmStack() makes services that the gateway reads as the same functions', () => {
  const { services } = swarmStack([full, plain], 'openfaas-fn') as { services: Record<string, StackService> };
  for (const spec of [full, plain]) {
    const service = { ID: '', Version: { Index: 1 }, CreatedAt: '', UpdatedAt: '', Spec: readService(services[spec.id.name]!) };
    expect(toFunctionSpec(service, 'openfaas-fn')).toEqual(spec);
  }
});

it('swarmStack() uses the network of the platform, and secrets that are there', () => {
  expect(swarmStack([full], 'openfaas-fn')).toMatchObject({
    networks: { functions: { external: true, name: '${SHOAL_FUNCTIONS_NETWORK:-shoal_functions}' } },
    secrets: { 'db-password': { external: true, name: 'db-password' } },
  });
});

interface StackUpdate {
  parallelism: number;
  order: 'start-first';
  failure_action: 'rollback';
  monitor: string;
  max_failure_ratio: number;
}

interface StackService {
  image: string;
  labels: Record<string, string>;
  environment: string[];
  read_only?: boolean;
  volumes?: { type: string; target: string }[];
  secrets?: { source: string; target: string; uid: string; gid: string; mode: number }[];
  stop_grace_period: string;
  networks: string[];
  deploy: {
    labels: Record<string, string>;
    replicas: number;
    endpoint_mode: 'dnsrr';
    restart_policy: { condition: string; delay: string };
    update_config: StackUpdate;
    rollback_config: StackUpdate;
    placement?: { constraints: string[] };
    resources?: { limits?: StackAmounts; reservations?: StackAmounts };
  };
}

interface StackAmounts {
  memory?: string;
  cpus?: string;
}

/** As `docker stack deploy` reads a service of the file; its name there has the stack's before it. */
function readService({ deploy, ...container }: StackService): ServiceSpec {
  const text = (one: string) => one.replaceAll('$$', '$');
  const map = (one: Record<string, string>) => Object.fromEntries(Object.entries(one).map(([key, value]) => [key, text(value)]));
  const ns = (one: string) => parseDurationMs(one)! * 1_000_000;
  const amounts = ({ memory, cpus }: StackAmounts = {}): Amounts => ({ ...(memory ? { MemoryBytes: Number(memory) } : {}), ...(cpus ? { NanoCPUs: Number(cpus) * 1e9 } : {}) });
  const update = (one: StackUpdate) => ({ Parallelism: one.parallelism, Order: one.order, FailureAction: one.failure_action, Monitor: ns(one.monitor), MaxFailureRatio: one.max_failure_ratio });
  return {
    Name: 'from-the-stack',
    Labels: map(deploy.labels),
    TaskTemplate: {
      ContainerSpec: {
        Image: container.image,
        Labels: map(container.labels),
        Env: container.environment.map(text),
        ReadOnly: container.read_only ?? false,
        Mounts: (container.volumes ?? []).map(({ type, target }) => ({ Type: type, Target: target })),
        Secrets: (container.secrets ?? []).map(({ source, target, uid, gid, mode }) => ({ SecretID: source, SecretName: source, File: { Name: target, UID: uid, GID: gid, Mode: mode } })),
        StopGracePeriod: ns(container.stop_grace_period),
      },
      Resources: { Limits: amounts(deploy.resources?.limits), Reservations: amounts(deploy.resources?.reservations) },
      RestartPolicy: { Condition: deploy.restart_policy.condition, Delay: ns(deploy.restart_policy.delay) },
      Placement: { Constraints: (deploy.placement?.constraints ?? []).map(text) },
      Networks: container.networks.map((Target) => ({ Target })),
      ForceUpdate: 0,
    },
    Mode: { Replicated: { Replicas: deploy.replicas } },
    UpdateConfig: update(deploy.update_config),
    RollbackConfig: update(deploy.rollback_config),
    EndpointSpec: { Mode: deploy.endpoint_mode },
  };
}
