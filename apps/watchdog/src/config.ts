import { parseDurationMs } from '@shoal/domain/shared/duration';

/** How a function is run: what both of the original watchdogs read from the environment (wire contract §5). */
export interface FunctionSettings {
  readonly mode: 'serializing' | 'http';
  readonly argv: readonly string[];
  /** For one call; 0: no limit. */
  readonly execTimeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number;
  /** Calls at once; 0: no limit. */
  readonly maxInflight: number;
  /** Fixed `Content-Type` of a forked process's answer. */
  readonly contentType: string | undefined;
  /** Whether what a forked process writes to stderr is part of its answer; else it goes to the log. */
  readonly combineOutput: boolean;
  /** Whether the call's head is exported to a forked process. */
  readonly cgiHeaders: boolean;
  /** Whether a forked process reads the request as JSON. */
  readonly marshalRequest: boolean;
  readonly writeDebug: boolean;
  readonly debugHeaders: boolean;
  /** Where an `http` function listens; absent in host mode, which gives each replica a port of its own. */
  readonly upstreamUrl: string | undefined;
  /** Asked to see whether an `http` function is ready; absent: it is ready when its port takes connections. */
  readonly readyPath: string | undefined;
  /** How long an `http` function may take to be ready. */
  readonly startTimeoutMs: number;
  readonly prefixLogs: boolean;
  /** Longest line of a function's log; the rest of a longer one begins a new line. */
  readonly maxLogLineBytes: number;
}

/** Of the process that serves one function in single mode. */
export interface SingleSettings {
  readonly port: number;
  readonly metricsPort: number;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly healthcheckIntervalMs: number;
  readonly lockFile: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_KILL_GRACE_MS = 1_000;
const DEFAULT_START_TIMEOUT_MS = 30_000;
const DEFAULT_LOG_LINE_BYTES = 65_536;
const MAX_PORT = 65_535;

/** Thrown for an environment that no function can be run with; the message names the variable. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads a function's settings. Without `mode` it is the classic watchdog's function; with it, the newer one's, whose
 * defaults differ. As the contract asks, a limit that cannot be read has its default.
 *
 * @throws SettingsError when there is no command, a mode that is not known, or an upstream that is no URL.
 */
export function readFunctionSettings(env: Env): FunctionSettings {
  const classic = env['mode'] === undefined || env['mode'] === '';
  const mode = classic ? 'serializing' : env['mode'];
  if (mode !== 'serializing' && mode !== 'http') {
    throw new SettingsError(`mode=${mode} is not supported; use serializing or http`);
  }
  const process = env['fprocess'] || env['function_process'];
  if (!process?.trim()) throw new SettingsError('fprocess must name the command to run');
  return {
    mode,
    argv: splitCommand(process),
    execTimeoutMs: duration(env['exec_timeout'], classic ? 0 : DEFAULT_TIMEOUT_MS),
    killGraceMs: duration(env['kill_grace'], DEFAULT_KILL_GRACE_MS),
    maxInflight: count(env['max_inflight'], 0),
    contentType: env['content_type'] || (classic ? undefined : 'application/octet-stream'),
    combineOutput: classic && flag(env['combine_output'], true),
    cgiHeaders: flag(env['cgi_headers'], true),
    marshalRequest: flag(env['marshal_request'], false),
    writeDebug: flag(env['write_debug'], false),
    debugHeaders: flag(env['debug_headers'], false),
    upstreamUrl: upstreamUrl(env['upstream_url'] || env['http_upstream_url']),
    readyPath: env['ready_path'] || undefined,
    startTimeoutMs: duration(env['start_timeout'], DEFAULT_START_TIMEOUT_MS),
    prefixLogs: flag(env['prefix_logs'], true),
    maxLogLineBytes: count(env['log_buffer_size'], DEFAULT_LOG_LINE_BYTES) || DEFAULT_LOG_LINE_BYTES,
  };
}

/** @throws SettingsError when the settings contradict each other, or name a port that cannot be. */
export function readSingleSettings(env: Env, settings: FunctionSettings): SingleSettings {
  const writeTimeoutMs = duration(env['write_timeout'], DEFAULT_TIMEOUT_MS);
  if (writeTimeoutMs === 0) throw new SettingsError('write_timeout must be longer than 0');
  if (settings.mode === 'http' && !settings.upstreamUrl) {
    throw new SettingsError('upstream_url must say where the function listens, such as http://127.0.0.1:3000');
  }
  return {
    port: port(env, 'port', 8080),
    metricsPort: port(env, 'metrics_port', 8081),
    readTimeoutMs: duration(env['read_timeout'], DEFAULT_TIMEOUT_MS),
    writeTimeoutMs,
    healthcheckIntervalMs: duration(env['healthcheck_interval'], writeTimeoutMs),
    lockFile: flag(env['suppress_lock'], false) ? undefined : `${env['TMPDIR'] || '/tmp'}/.lock`,
  };
}

/** As the contract has it: at each single space, without quotes and without a shell. */
export function splitCommand(text: string): readonly string[] {
  return text.trim().split(' ');
}

function upstreamUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return text;
  throw new SettingsError('upstream_url must be a URL such as http://127.0.0.1:3000');
}

function port(env: Env, name: string, fallback: number): number {
  const value = count(env[name], fallback);
  if (value > MAX_PORT) throw new SettingsError(`${name} must be ${MAX_PORT} or less`);
  return value;
}

function duration(text: string | undefined, fallbackMs: number): number {
  return (text === undefined ? undefined : parseDurationMs(text)) ?? fallbackMs;
}

function count(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}

function flag(text: string | undefined, fallback: boolean): boolean {
  return text === undefined || text === '' ? fallback : text === 'true' || text === '1';
}
