import { parseDurationMs } from '@shoal/domain/shared/duration';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { FunctionId, FunctionSpec, Resources } from '@shoal/domain/functions/function-spec';
import { parseCpuMillis, parseMemoryBytes } from '@shoal/domain/shared/quantity';
import { prefixed, unprefixed } from './owned-labels';
import type { Amounts, ContainerSpec, SecretReference, Service, ServiceSpec } from './swarm-types';

/** Labels by which a service is known as a function, and what a service has no field for is kept. */
export const LABEL = {
  /** Its value is the function's name. What lacks it is never touched. */
  name: 'com.openfaas.function',
  namespace: 'com.openfaas.namespace',
  annotation: 'com.openfaas.annotations.',
  /** Amounts as they were written: `com.openfaas.limits.memory`. */
  limits: 'com.openfaas.limits.',
  requests: 'com.openfaas.requests.',
  /** The image as it was named; the service's own has a digest. */
  image: 'com.openfaas.image',
  /** The network that was asked for besides the functions' own. */
  network: 'com.openfaas.network',
} as const;

/** Docker's own bound, because a service's name is a host name. */
const MAX_SERVICE_NAME_LENGTH = 63;
const DEFAULT_PORT = 8080;
const NS_PER_MS = 1_000_000;
const NANO_PER_MILLI_CPU = 1_000_000;

const RESTART_DELAY_MS = 2_000;
/** A new replica that fails so soon after its start was a failed update. */
const UPDATE_MONITOR_MS = 5_000;
/**
 * Said to the watchdog unless the function says otherwise: for so long it takes calls after its SIGTERM. By then every
 * gateway knows that it is going, also one that heard of it by its slow look only.
 */
const HEALTHCHECK_INTERVAL_MS = 5_000;
/** What comes on top of a function's longest call before it is killed. */
const STOP_MARGIN_MS = 2_000;
const CONSTRAINT = /^\s*[a-z_][\w.-]+\s*[!=]=\s*\S/i;
const MAX_STOP_GRACE_MS = 24 * 3_600_000;

export interface ServiceSpecOptions {
  readonly defaultNamespace: string;
  /** Ids; the functions' own first. */
  readonly networks: readonly string[];
  readonly secrets: readonly SecretReference[];
  /** The spec's image, with a digest when there is one to be had. */
  readonly image: string;
  readonly replicas: number;
  /** A higher number than the last one starts all replicas anew, also when nothing else has changed. */
  readonly forceUpdate: number;
  /** How long a call may take when the function does not say. */
  readonly callTimeoutMs: number;
}

/** Rejects with `invalid-request` a name that is too long together with its namespace. */
export function serviceNameOf({ name, namespace }: FunctionId, defaultNamespace: string): string {
  if (namespace === defaultNamespace) return name;
  const serviceName = `${namespace}_${name}`;
  if (serviceName.length <= MAX_SERVICE_NAME_LENGTH) return serviceName;
  throw new ShoalError('invalid-request', `service and namespace have more than ${MAX_SERVICE_NAME_LENGTH - 1} characters together, more than Swarm can name`);
}

/** The service that runs `spec`. Rejects with `invalid-request` what Swarm cannot express. */
export function toServiceSpec(spec: FunctionSpec, options: ServiceSpecOptions): ServiceSpec {
  const labels = labelsOf(spec);
  return {
    Name: serviceNameOf(spec.id, options.defaultNamespace),
    Labels: { ...labels, ...writtenAmounts(spec), [LABEL.image]: spec.image, ...(spec.network ? { [LABEL.network]: spec.network } : {}) },
    TaskTemplate: {
      ContainerSpec: containerOf(spec, labels, options),
      Resources: { Limits: amountsOf(spec.limits), Reservations: amountsOf(spec.requests) },
      RestartPolicy: { Condition: 'any', Delay: RESTART_DELAY_MS * NS_PER_MS },
      Placement: { Constraints: spec.constraints.map(parseConstraint) },
      Networks: options.networks.map((Target) => ({ Target })),
      ForceUpdate: options.forceUpdate,
    },
    Mode: { Replicated: { Replicas: options.replicas } },
    UpdateConfig: {
      Parallelism: 1,
      Order: 'start-first',
      FailureAction: 'rollback',
      Monitor: UPDATE_MONITOR_MS * NS_PER_MS,
      MaxFailureRatio: 0,
    },
    RollbackConfig: { Parallelism: 1, Order: 'start-first', FailureAction: 'pause', Monitor: UPDATE_MONITOR_MS * NS_PER_MS, MaxFailureRatio: 0 },
    // Calls go to the replicas themselves: a virtual address would be one more hop, and one more thing to fail.
    EndpointSpec: { Mode: 'dnsrr' },
  };
}

/** Whether its replicas can be called on that network. */
export function isOnNetwork({ Spec }: Service, { id, name }: { readonly id: string; readonly name: string }): boolean {
  return [...(Spec.TaskTemplate.Networks ?? []), ...(Spec.Networks ?? [])].some(({ Target }) => Target === id || Target === name);
}

/** The function that a service runs; `undefined` when it is none of ours. */
export function toFunctionSpec({ Spec }: Service, defaultNamespace: string): FunctionSpec | undefined {
  const labels = Spec.Labels ?? {};
  const name = labels[LABEL.name];
  const { ContainerSpec: container, Resources, Placement } = Spec.TaskTemplate;
  // One that runs once on each node has no replicas that we could count or ask for.
  if (!name || !container || !Spec.Mode.Replicated) return undefined;
  const { fprocess, ...envVars } = parseEnv(container.Env ?? []);
  if (envVars[INTERVAL] === DEFAULT_INTERVAL) delete envVars[INTERVAL];
  const limits = resourcesOf(Resources?.Limits, labels, LABEL.limits);
  const requests = resourcesOf(Resources?.Reservations, labels, LABEL.requests);
  const network = labels[LABEL.network];
  return {
    id: { name, namespace: labels[LABEL.namespace] ?? defaultNamespace },
    image: imageOf(container.Image, labels[LABEL.image]),
    ...(fprocess ? { envProcess: fprocess } : {}),
    envVars,
    constraints: Placement?.Constraints ?? [],
    secrets: (container.Secrets ?? []).map(({ File }) => File.Name.slice(File.Name.lastIndexOf('/') + 1)),
    labels: userLabels(labels),
    annotations: unprefixed(labels, LABEL.annotation),
    ...(limits ? { limits } : {}),
    ...(requests ? { requests } : {}),
    readOnlyRootFilesystem: container.ReadOnly ?? false,
    ...(network ? { network } : {}),
  };
}

/** Where the watchdog of such a container listens. */
export function portOf({ Env = [] }: ContainerSpec): number {
  const port = Number(parseEnv(Env)['port']);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : DEFAULT_PORT;
}

/** How many calls such a container takes at once: as many as its watchdog lets in, without a bound by default. */
export function maxInflightOf({ Env = [] }: ContainerSpec): number {
  const most = Number(parseEnv(Env)['max_inflight']);
  return Number.isInteger(most) && most > 0 ? most : Number.MAX_SAFE_INTEGER;
}

const INTERVAL = 'healthcheck_interval';
/** Written as nobody else would, so that it can be told from a function's own. */
const DEFAULT_INTERVAL = `${HEALTHCHECK_INTERVAL_MS}ms`;

function containerOf(spec: FunctionSpec, labels: Record<string, string>, options: ServiceSpecOptions): ContainerSpec {
  const env = { ...(spec.envProcess ? { fprocess: spec.envProcess } : {}), [INTERVAL]: DEFAULT_INTERVAL, ...spec.envVars };
  return {
    Image: options.image,
    Labels: labels,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ReadOnly: spec.readOnlyRootFilesystem,
    Mounts: spec.readOnlyRootFilesystem ? [{ Type: 'tmpfs', Target: '/tmp' }] : [],
    Secrets: [...options.secrets],
    StopGracePeriod: stopGraceMs(spec, options.callTimeoutMs) * NS_PER_MS,
  };
}

/** The engine would call it its own failure. */
function parseConstraint(text: string, index: number): string {
  if (CONSTRAINT.test(text)) return text;
  throw new ShoalError('invalid-request', `constraints[${index}] must be KEY==VALUE or KEY!=VALUE, as in node.role == worker`);
}

/** From SIGTERM to SIGKILL: the watchdog's time of taking calls still, then the longest call. */
function stopGraceMs({ envVars }: FunctionSpec, callTimeoutMs: number): number {
  const read = (name: string) => parseDurationMs(envVars[name] ?? '') || undefined;
  const intervalMs = read(INTERVAL) ?? HEALTHCHECK_INTERVAL_MS;
  const callMs = read('exec_timeout') ?? read('write_timeout') ?? callTimeoutMs;
  return Math.min(intervalMs + callMs + STOP_MARGIN_MS, MAX_STOP_GRACE_MS);
}

/** Of the service and of its containers, as existing tools look for them. */
function labelsOf({ id, labels, annotations }: FunctionSpec): Record<string, string> {
  for (const key of Object.keys(labels)) {
    if (isReserved(key)) throw new ShoalError('invalid-request', `labels.${key} is a label that the provider sets itself`);
  }
  return { [LABEL.name]: id.name, [LABEL.namespace]: id.namespace, function: 'true', ...labels, ...prefixed(annotations, LABEL.annotation) };
}

function userLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key, value]) => !isReserved(key) && !(key === 'function' && value === 'true')));
}

function isReserved(key: string): boolean {
  const { name, namespace, image, network, annotation, limits, requests } = LABEL;
  // `com.openfaas.uid` is what an older provider marked its updates with.
  if ([name, namespace, image, network, 'com.openfaas.uid'].includes(key)) return true;
  return [annotation, limits, requests].some((prefix) => key.startsWith(prefix));
}

/** As it was named, unless somebody has given the service another one by hand. */
function imageOf(image: string, named: string | undefined): string {
  return named !== undefined && image.replace(/@sha256:[0-9a-f]{64}$/, '') === named.replace(/@sha256:[0-9a-f]{64}$/, '') ? named : image;
}

function amountsOf(resources: Resources | undefined): Amounts {
  const { memory, cpu } = resources ?? {};
  return {
    ...(memory ? { MemoryBytes: parseMemoryBytes(memory)! } : {}),
    ...(cpu ? { NanoCPUs: Math.round(parseCpuMillis(cpu)! * NANO_PER_MILLI_CPU) } : {}),
  };
}

function writtenAmounts({ limits, requests }: FunctionSpec): Record<string, string> {
  return { ...prefixed({ ...limits }, LABEL.limits), ...prefixed({ ...requests }, LABEL.requests) };
}

/** As written, as long as that is what the service has; somebody may have changed it by hand. */
function resourcesOf(amounts: Amounts | undefined, labels: Readonly<Record<string, string>>, prefix: string): Resources | undefined {
  const { MemoryBytes, NanoCPUs } = amounts ?? {};
  const memory = labels[`${prefix}memory`];
  const cpu = labels[`${prefix}cpu`];
  const resources: Resources = {
    ...(MemoryBytes ? { memory: memory && parseMemoryBytes(memory) === MemoryBytes ? memory : String(MemoryBytes) } : {}),
    ...(NanoCPUs ? { cpu: cpu && amountsOf({ cpu }).NanoCPUs === NanoCPUs ? cpu : `${NanoCPUs / NANO_PER_MILLI_CPU}m` } : {}),
  };
  return resources.memory || resources.cpu ? resources : undefined;
}

function parseEnv(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => splitAt(entry, entry.indexOf('='))));
}

function splitAt(text: string, index: number): [string, string] {
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
