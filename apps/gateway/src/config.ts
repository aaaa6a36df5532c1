import { resolve } from 'node:path';
import { parseDurationMs } from '@shoal/domain/shared/duration';

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

type Env = Readonly<Record<string, string | undefined>>;

/** Thrown when variables cannot be used; names each of them, but no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const DEFAULT_TIMEOUT_MS = 60_000;

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
  const config: Config = {
    home: resolve(text('SHOAL_HOME', '.shoal')),
    host: text('SHOAL_HOST', '127.0.0.1'),
    port: port('SHOAL_PORT', 8080),
    tls: certificate && key ? { certificate: resolve(certificate), key: resolve(key) } : undefined,
    metricsHost: text('SHOAL_METRICS_HOST', '127.0.0.1'),
    metricsPort: port('SHOAL_METRICS_PORT', 8082),
    provider,
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
