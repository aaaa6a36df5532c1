import { toServiceSpec } from '@shoal/adapters/swarm/service-spec';
import type { ContainerSpec, ServiceSpec } from '@shoal/adapters/swarm/swarm-types';
import type { FunctionSpec } from '@shoal/domain/functions/function-spec';
import { parseScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { SECRETS_FOLDER } from './placed-deployment';

const NETWORK = 'functions';
/** What `deploy/swarm/stack.yml` makes; chosen otherwise by the variable. */
const NETWORK_NAME = '${SHOAL_FUNCTIONS_NETWORK:-shoal_functions}';
/** The gateway's own default, for functions that do not say how long a call may take. */
const CALL_TIMEOUT_MS = 60_000;
const NS_PER_MS = 1_000_000;
const NANO = 1_000_000_000;

/**
 * Functions as the services of a file for `docker stack deploy`, the same that the gateway would make of them: it finds them
 * by their labels. Rejects with `invalid-request` what Swarm cannot express.
 *
 * @param defaultNamespace the gateway's.
 */
export function swarmStack(specs: readonly FunctionSpec[], defaultNamespace: string): object {
  const services = specs.map((spec) => {
    const secrets = spec.secrets.map((name) => ({ SecretID: name, SecretName: name, File: { Name: `${SECRETS_FOLDER}/${name}`, UID: '0', GID: '0', Mode: 0o444 } }));
    const options = { defaultNamespace, networks: [NETWORK], secrets, image: spec.image, replicas: parseScalingPolicy(spec.labels).min, forceUpdate: 0, callTimeoutMs: CALL_TIMEOUT_MS };
    return [spec.id.name, serviceOf(toServiceSpec(spec, options))] as const;
  });
  const secrets = [...new Set(specs.flatMap((spec) => spec.secrets))];
  return {
    version: '3.8',
    services: Object.fromEntries(services),
    networks: { [NETWORK]: { external: true, name: NETWORK_NAME } },
    ...(secrets.length > 0 ? { secrets: Object.fromEntries(secrets.map((name) => [name, { external: true, name }])) } : {}),
  };
}

function serviceOf(spec: ServiceSpec): object {
  const { ContainerSpec: container, Resources, RestartPolicy, Placement, Networks } = spec.TaskTemplate;
  return {
    ...containerOf(container!),
    networks: Networks!.map(({ Target }) => Target),
    deploy: {
      labels: escaped(spec.Labels ?? {}),
      replicas: spec.Mode.Replicated!.Replicas,
      endpoint_mode: spec.EndpointSpec!.Mode,
      restart_policy: { condition: RestartPolicy!.Condition, delay: duration(RestartPolicy!.Delay) },
      update_config: updateOf(spec.UpdateConfig!),
      rollback_config: updateOf(spec.RollbackConfig!),
      ...(Placement?.Constraints?.length ? { placement: { constraints: Placement.Constraints.map(escape) } } : {}),
      ...resourcesOf(Resources!),
    },
  };
}

function containerOf({ Image, Labels, Env = [], ReadOnly, Mounts = [], Secrets = [], StopGracePeriod }: ContainerSpec): object {
  return {
    image: escape(Image),
    labels: escaped(Labels ?? {}),
    environment: Env.map(escape),
    ...(ReadOnly ? { read_only: true } : {}),
    ...(Mounts.length > 0 ? { volumes: Mounts.map(({ Type, Target }) => ({ type: Type, target: Target })) } : {}),
    ...(Secrets.length > 0 ? { secrets: Secrets.map(({ SecretName, File }) => ({ source: SecretName, target: File.Name, uid: File.UID, gid: File.GID, mode: File.Mode })) } : {}),
    stop_grace_period: duration(StopGracePeriod!),
  };
}

function updateOf({ Parallelism, Order, FailureAction, Monitor, MaxFailureRatio }: NonNullable<ServiceSpec['UpdateConfig']>): object {
  return { parallelism: Parallelism, order: Order, failure_action: FailureAction, monitor: duration(Monitor), max_failure_ratio: MaxFailureRatio };
}

function resourcesOf({ Limits, Reservations }: NonNullable<ServiceSpec['TaskTemplate']['Resources']>): object {
  const parts = Object.entries({ limits: Limits, reservations: Reservations }).flatMap(([key, amounts]) => {
    const { MemoryBytes, NanoCPUs } = amounts ?? {};
    if (!MemoryBytes && !NanoCPUs) return [];
    return [[key, { ...(MemoryBytes ? { memory: String(MemoryBytes) } : {}), ...(NanoCPUs ? { cpus: String(NanoCPUs / NANO) } : {}) }]];
  });
  return parts.length === 0 ? {} : { resources: Object.fromEntries(parts) as object };
}

/** In the file a single `$` begins a variable. */
function escape(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function escaped(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, escape(value)]));
}

function duration(ns: number): string {
  return `${ns / NS_PER_MS}ms`;
}
