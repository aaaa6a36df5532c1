import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseHostRules, type HostRule } from '@shoal/adapters/http/callback-rules';
import { parseDurationMs } from '@shoal/domain/shared/duration';
import { parseMemoryBytes } from '@shoal/domain/shared/quantity';

/** Everything that the environment decides, validated. `docs/settings.md` describes each variable. */
export interface Config {
  /** The data directory, absolute. */
  readonly home: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Paths of certificate and key; without them the port speaks HTTP without TLS. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly provider: 'local' | 'swarm';
  /** A gateway with or without workers for its queue, or workers alone. */
  readonly role: 'all' | 'gateway' | 'worker';
  /** Processes that take the calls of functions; 1: this one. */
  readonly workers: number;
  readonly queue: QueueConfig;
  /** Of the gateway through which workers call. */
  readonly gatewayUrl: string;
  /** Name of the network on which functions are called; found by its label when absent. Swarm only. */
  readonly network: string | undefined;
  /** A file like Docker's `config.json`, with credentials of registries. Swarm only. */
  readonly registryConfig: string | undefined;
  readonly basicAuth: boolean;
  /** Folder with `basic-auth-user` and `basic-auth-password`; absent: the password is our own. */
  readonly secretMountPath: string | undefined;
  /** Where the load of functions is asked for; our own counters when absent. */
  readonly prometheusUrl: string | undefined;
  /** PromQL for thousandths of a CPU by `function_name`; without it functions cannot scale by CPU. */
  readonly cpuQuery: string | undefined;
  readonly deploySamples: boolean;
  /** Further folders in which bundles are looked for. */
  readonly bundleFolders: readonly string[];
  readonly functionNamespace: string;
  /** To receive one request whole. */
  readonly readTimeoutMs: number;
  /** For one call in all, waiting included. */
  readonly writeTimeoutMs: number;
  /** For a function to answer, from the moment a replica has the call. */
  readonly upstreamTimeoutMs: number;
}

/** Calls that run later. */
export interface QueueConfig {
  readonly kind: 'lmdb' | 'nats' | 'none';
  /** `host:port` of the NATS server. */
  readonly natsAddress: string;
  /** Of a request, and of what is kept of an answer. */
  readonly maxBodyBytes: number;
  /** That have not ended. */
  readonly maxCalls: number;
  /** Under way at a time, of all functions together. */
  readonly concurrency: number;
  /** How long ended calls can be looked up. */
  readonly keepEndedMs: number;
  /** How long calls that failed can be sent again. */
  readonly keepDeadMs: number;
  /** A worker that has not been heard of for so long has lost its calls to others. NATS only. */
  readonly claimMs: number;
  /** Whom callbacks may reach besides public addresses, and whom not. */
  readonly callbacks: { readonly allow: readonly HostRule[]; readonly deny: readonly HostRule[] };
}

type Env = Readonly<Record<string, string | undefined>>;

/** Thrown when variables cannot be used; names each of them, but no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MIN_CLAIM_MS = 1_000;
const MAX_WORKERS = 64;
/** More than these would mostly be memory. */
const MAX_DEFAULT_WORKERS = 8;

/** @throws ConfigError */
export function loadConfig(env: Env): Config {
  const problems: string[] = [];
  const read = <T>(name: string, fallback: T, parse: (text: string) => T | undefined, expected: string): T => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = parse(text);
    if (value === undefined) problems.push(`${name} must be ${expected}`);
    return value ?? fallback;
  };
  const text = (name: string, fallback: string) => read(name, fallback, (value) => value, 'a text');
  const port = (name: string, fallback: number) => read(name, fallback, parsePort, 'a port from 0 to 65535');
  const flag = (name: string, fallback: boolean) => read(name, fallback, parseFlag, 'true or false');
  const duration = (name: string, fallbackMs: number) =>
    read(name, fallbackMs, parsePositiveDuration, 'seconds or a duration such as 60s, longer than 0');

  const provider = read('SHOAL_PROVIDER', 'local', parseProvider, 'local or swarm');
  const prometheusHost = read('faas_prometheus_host', undefined, parseHost, 'the name or address of a host');
  const prometheusPort = port('faas_prometheus_port', 9090);
  const cpuQuery = env['SHOAL_CPU_QUERY'] || undefined;
  if (cpuQuery !== undefined && prometheusHost === undefined) problems.push('SHOAL_CPU_QUERY needs faas_prometheus_host, to be asked there');
  const deploySamples = flag('SHOAL_SAMPLES', provider === 'local');
  if (deploySamples && provider !== 'local') problems.push('SHOAL_SAMPLES needs SHOAL_PROVIDER=local: the samples are folders of this machine');
  const [certificate, key] = [text('SHOAL_TLS_CERT', ''), text('SHOAL_TLS_KEY', '')];
  if ((certificate === '') !== (key === '')) problems.push('SHOAL_TLS_CERT and SHOAL_TLS_KEY must be given both or neither');
  const upstreamTimeoutMs = duration('upstream_timeout', DEFAULT_TIMEOUT_MS);
  const bytes = (name: string, fallback: number) => read(name, fallback, parsePositiveBytes, 'an amount such as 1Mi, 1 or more');
  const count = (name: string, fallback: number) => read(name, fallback, parsePositiveCount, 'a whole number above 0');
  const hostRules = (name: string) => read(name, [], parseHostRules, 'names of hosts, addresses and ranges such as 10.0.0.0/8, with commas between them');

  const natsHost = read('faas_nats_address', undefined, parseHost, 'the name or address of a host');
  const natsAddress = `${natsHost ?? 'nats'}:${port('faas_nats_port', 4222)}`;
  const role = read('SHOAL_ROLE', 'all', parseRole, 'all, gateway or worker');
  const kind = read('SHOAL_QUEUE', natsHost !== undefined ? 'nats' : provider === 'local' ? 'lmdb' : 'none', parseQueue, 'lmdb, nats or none');
  if (kind === 'nats' && natsHost === undefined) problems.push('SHOAL_QUEUE=nats needs faas_nats_address');
  if (role !== 'all' && kind !== 'nats') problems.push(`SHOAL_ROLE=${role} needs SHOAL_QUEUE=nats and faas_nats_address: other queues have one process`);
  const queue: QueueConfig = {
    kind,
    natsAddress,
    maxBodyBytes: bytes('SHOAL_ASYNC_MAX_BODY', 1024 * 1024),
    maxCalls: count('SHOAL_ASYNC_MAX_CALLS', 1_000_000),
    concurrency: count('SHOAL_ASYNC_CONCURRENCY', 400),
    keepEndedMs: duration('SHOAL_ASYNC_KEEP', 3_600_000),
    keepDeadMs: duration('SHOAL_ASYNC_KEEP_DEAD', 7 * 24 * 3_600_000),
    claimMs: duration('ack_wait', 30_000),
    callbacks: { allow: hostRules('SHOAL_CALLBACK_ALLOW'), deny: hostRules('SHOAL_CALLBACK_DENY') },
  };
  if (queue.keepDeadMs < queue.keepEndedMs) problems.push('SHOAL_ASYNC_KEEP_DEAD must not be shorter than SHOAL_ASYNC_KEEP');
  if (queue.claimMs < MIN_CLAIM_MS) problems.push('ack_wait must not be shorter than 1s: workers say three times as often that they are there');
  const gatewayHost = read('faas_gateway_address', 'gateway', parseHost, 'the name or address of a host');
  const gatewayPort = port('faas_gateway_port', 8080);

  const workers = read('SHOAL_WORKERS', provider === 'local' ? 1 : Math.min(availableParallelism(), MAX_DEFAULT_WORKERS), parseWorkers, `a whole number from 1 to ${MAX_WORKERS}`);

  const config: Config = {
    home: resolve(text('SHOAL_HOME', '.shoal')),
    host: text('SHOAL_HOST', '127.0.0.1'),
    port: port('SHOAL_PORT', 8080),
    tls: certificate && key ? { certificate: resolve(certificate), key: resolve(key) } : undefined,
    metricsHost: text('SHOAL_METRICS_HOST', '127.0.0.1'),
    metricsPort: port('SHOAL_METRICS_PORT', 8082),
    provider,
    role,
    workers,
    queue,
    gatewayUrl: `http://${gatewayHost}:${gatewayPort}`,
    network: env['SHOAL_NETWORK'] || undefined,
    registryConfig: env['SHOAL_REGISTRY_CONFIG'] || undefined,
    basicAuth: flag('basic_auth', true),
    secretMountPath: env['secret_mount_path'] || undefined,
    prometheusUrl: prometheusHost && `http://${prometheusHost}:${prometheusPort}`,
    cpuQuery,
    deploySamples,
    bundleFolders: text('SHOAL_BUNDLES', '').split(',').filter(Boolean).map((folder) => resolve(folder)),
    functionNamespace: read('function_namespace', 'openfaas-fn', parseNamespace, 'a name of a-z, 0-9 and -'),
    readTimeoutMs: duration('read_timeout', DEFAULT_TIMEOUT_MS),
    writeTimeoutMs: duration('write_timeout', Math.max(DEFAULT_TIMEOUT_MS, upstreamTimeoutMs)),
    upstreamTimeoutMs,
  };
  if (config.writeTimeoutMs < config.upstreamTimeoutMs) {
    problems.push('write_timeout must not be shorter than upstream_timeout: the answer could not be sent any more');
  }
  if (problems.length > 0) throw new ConfigError(problems.join('; '));
  return Object.freeze(config);
}

function parseProvider(text: string): Config['provider'] | undefined {
  return text === 'local' || text === 'swarm' ? text : undefined;
}

function parseRole(text: string): Config['role'] | undefined {
  return text === 'all' || text === 'gateway' || text === 'worker' ? text : undefined;
}

function parseWorkers(text: string): number | undefined {
  const count = parsePositiveCount(text);
  return count !== undefined && count <= MAX_WORKERS ? count : undefined;
}

function parseQueue(text: string): QueueConfig['kind'] | undefined {
  return text === 'lmdb' || text === 'nats' || text === 'none' ? text : undefined;
}

function parsePositiveBytes(text: string): number | undefined {
  const bytes = parseMemoryBytes(text);
  return bytes && bytes >= 1 ? Math.floor(bytes) : undefined;
}

function parsePositiveCount(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

function parseHost(text: string): string | undefined {
  return /^[\w.-]+$|^\[[0-9a-fA-F:]+\]$/.test(text) ? text : undefined;
}

function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function parseFlag(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function parsePositiveDuration(text: string): number | undefined {
  const ms = parseDurationMs(text);
  return ms && ms > 0 ? ms : undefined;
}

function parseNamespace(text: string): string | undefined {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text) ? text : undefined;
}
