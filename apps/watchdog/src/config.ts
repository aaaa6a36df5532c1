import { parseDurationMs } from '@shoal/domain/shared/duration';

/**
 * `serializing`: a process a call, whose answer waits for its end; `streaming`: one whose answer goes out as it comes;
 * `http`: one process that is a server; `static`: files.
 */
export type FunctionMode = 'serializing' | 'streaming' | 'http' | 'static';

/** How a function is run: what both of the original watchdogs read from the environment (wire contract §5). */
export interface FunctionSettings {
  readonly mode: FunctionMode;
  /** Whether the environment is one of the classic watchdog's, whose routes, defaults and log lines differ. */
  readonly classic: boolean;
  /** Empty in `static` mode. */
  readonly argv: readonly string[];
  /** For one call; 0: no limit. */
  readonly execTimeoutMs: number;
  /** For one call with its answer, above `execTimeoutMs`; 0: no limit. */
  readonly writeTimeoutMs: number;
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
  /** Whether an `http` function gets each request's body whole, with its length. */
  readonly bufferRequest: boolean;
  /** The folder of a `static` function. */
  readonly staticPath: string;
  /** Processes that are started before their calls come; 0: none. */
  readonly prefork: number;
  readonly prefixLogs: boolean;
  readonly logFormat: 'text' | 'json';
  /** Whether the line of each call names it. */
  readonly logCallId: boolean;
  /** Longest line of a function's log; the rest of a longer one begins a new line. */
  readonly maxLogLineBytes: number;
}

/** Of the process that serves one function in single mode. */
export interface SingleSettings {
  readonly port: number;
  readonly metricsPort: number;
  /** Of this machine, for both ports; all addresses when undefined. */
  readonly listenAddress: string | undefined;
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
const MAX_PREFORK = 256;
const MODES: ReadonlySet<string> = new Set<FunctionMode>(['serializing', 'streaming', 'http', 'static']);

/** Thrown for an environment that no function can be run with; the message names the variable. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads a function's settings. A `mode`, or a command under the name `function_process` only, makes it the newer
 * watchdog's function; else it is the classic one's, whose defaults differ. As the contract asks, a limit that cannot be
 * read has its default.
 *
 * @throws SettingsError when there is no command, a mode that is not known, or a setting that cannot be honoured.
 */
export function readFunctionSettings(env: Env): FunctionSettings {
  const command = env['fprocess'] || env['function_process'];
  const classic = !env['mode'] && Boolean(env['fprocess'] || !command);
  const mode = env['mode'] || (classic ? 'serializing' : 'streaming');
  if (!isMode(mode)) throw new SettingsError(`mode=${mode} is not supported; use ${[...MODES].join(', ')}`);
  if (mode !== 'static' && !command?.trim()) throw new SettingsError('fprocess must name the command to run');
  // To ignore it would open a function to everybody.
  if (flag(env['jwt_auth'], false)) throw new SettingsError('jwt_auth is not supported; let the gateway authenticate callers');
  const cgiHeaders = flag(env['cgi_headers'], true);
  return {
    mode,
    classic,
    argv: mode === 'static' ? [] : splitCommand(command!),
    execTimeoutMs: duration(env['exec_timeout'], classic ? 0 : DEFAULT_TIMEOUT_MS),
    writeTimeoutMs: duration(env['write_timeout'], 0),
    killGraceMs: duration(env['kill_grace'], DEFAULT_KILL_GRACE_MS),
    maxInflight: count(env['max_inflight'], 0),
    contentType: env['content_type'] || (classic ? undefined : 'application/octet-stream'),
    combineOutput: classic && flag(env['combine_output'], true),
    cgiHeaders,
    marshalRequest: flag(env['marshal_request'], false),
    writeDebug: flag(env['write_debug'], false),
    debugHeaders: flag(env['debug_headers'], false),
    upstreamUrl: upstreamUrl(env['upstream_url'] || env['http_upstream_url']),
    readyPath: readyPath(env['ready_path']),
    startTimeoutMs: duration(env['start_timeout'], DEFAULT_START_TIMEOUT_MS),
    bufferRequest: flag(env['buffer_http'] || env['http_buffer_req_body'], false),
    staticPath: env['static_path'] || '/home/app/public',
    prefork: prefork(env['prefork'], mode, cgiHeaders),
    prefixLogs: flag(env['prefix_logs'], true),
    logFormat: logFormat(env['log_format']),
    logCallId: flag(env['log_callid'] || env['log_call_id'], false),
    maxLogLineBytes: count(env['log_buffer_size'], DEFAULT_LOG_LINE_BYTES) || DEFAULT_LOG_LINE_BYTES,
  };
}

/** @throws SettingsError when the settings contradict each other, or name a port that cannot be. */
export function readSingleSettings(env: Env, settings: FunctionSettings): SingleSettings {
  const writeTimeoutMs = duration(env['write_timeout'], DEFAULT_TIMEOUT_MS);
  if (writeTimeoutMs === 0 && !settings.classic) throw new SettingsError('write_timeout must be longer than 0');
  if (settings.mode === 'http' && !settings.upstreamUrl) {
    throw new SettingsError('upstream_url must say where the function listens, such as http://127.0.0.1:3000');
  }
  return {
    port: port(env, 'port', 8080),
    metricsPort: port(env, 'metrics_port', 8081),
    listenAddress: env['listen_address'] || undefined,
    readTimeoutMs: duration(env['read_timeout'], DEFAULT_TIMEOUT_MS),
    writeTimeoutMs,
    healthcheckIntervalMs: duration(env['healthcheck_interval'], writeTimeoutMs),
    lockFile: flag(env['suppress_lock'], false) ? undefined : lockFileOf(env),
  };
}

/** The file that says that the watchdog is well. */
export function lockFileOf(env: Env): string {
  const folder = env['TMPDIR'] || (process.platform === 'win32' ? env['TEMP'] : undefined) || '/tmp';
  return `${folder}/.lock`;
}

/** As the contract has it: at each single space, without quotes and without a shell. */
export function splitCommand(text: string): readonly string[] {
  return text.trim().split(' ');
}

function isMode(text: string): text is FunctionMode {
  return MODES.has(text);
}

function prefork(text: string | undefined, mode: FunctionMode, cgiHeaders: boolean): number {
  const processes = count(text, 0);
  if (processes === 0) return 0;
  if (mode === 'http' || mode === 'static') throw new SettingsError(`prefork is for modes with a process a call, not for ${mode}`);
  if (cgiHeaders) throw new SettingsError('prefork needs cgi_headers=false: a process that is started before its call cannot have its headers');
  if (processes > MAX_PREFORK) throw new SettingsError(`prefork must be ${MAX_PREFORK} or less`);
  return processes;
}

function logFormat(text: string | undefined): 'text' | 'json' {
  if (!text || text === 'text') return 'text';
  if (text === 'json') return 'json';
  throw new SettingsError('log_format must be text or json');
}

/** With a slash in front, as it stands in a request. */
function readyPath(text: string | undefined): string | undefined {
  if (!text) return undefined;
  return text.startsWith('/') ? text : `/${text}`;
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
