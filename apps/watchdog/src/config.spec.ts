import { readFunctionSettings, readSingleSettings, SettingsError, splitCommand, type FunctionSettings, type SingleSettings } from './config';

type Env = Record<string, string>;
const http: Env = { mode: 'http', upstream_url: 'http://127.0.0.1:3000' };

describe('readFunctionSettings()', () => {
  it.each<[string, Env, Partial<FunctionSettings>]>([
    ['has the defaults of the classic watchdog without a mode', {}, { mode: 'serializing', execTimeoutMs: 0, contentType: undefined, combineOutput: true, cgiHeaders: true, marshalRequest: false, maxInflight: 0, writeDebug: false }],
    ['takes an empty mode for none', { mode: '' }, { mode: 'serializing', execTimeoutMs: 0 }],
    ['has the defaults of the newer watchdog with one', { mode: 'serializing' }, { execTimeoutMs: 30_000, contentType: 'application/octet-stream', combineOutput: false, prefixLogs: true, maxLogLineBytes: 65_536 }],
    ['takes a mode, even of one process a call, for the newer watchdog', { mode: 'serializing' }, { classic: false }],
    ['needs no command in static mode', { mode: 'static', fprocess: '' }, { argv: [], staticPath: '/home/app/public' }],
    ['puts a slash in front of ready_path', { ready_path: 'ready' }, { readyPath: '/ready' }],
    ['buffers by either name', { http_buffer_req_body: 'true' }, { bufferRequest: true }],
    ['reads a whole number of seconds', { exec_timeout: '5' }, { execTimeoutMs: 5_000 }],
    ['reads a duration', { exec_timeout: '1m30s' }, { execTimeoutMs: 90_000 }],
    ['has the default for a duration that it cannot read', { mode: 'serializing', exec_timeout: 'soon' }, { execTimeoutMs: 30_000 }],
    ['has the default for a negative number', { max_inflight: '-1' }, { maxInflight: 0 }],
    ['has the default for a log line without room', { log_buffer_size: '0' }, { maxLogLineBytes: 65_536 }],
    ['takes true and 1 for yes', { marshal_request: 'true', write_debug: '1' }, { marshalRequest: true, writeDebug: true }],
    ['takes everything else for no', { cgi_headers: 'TRUE', combine_output: 'yes' }, { cgiHeaders: false, combineOutput: false }],
    ['takes an empty flag for none', { cgi_headers: '' }, { cgiHeaders: true }],
    ['knows the second name of the upstream', { mode: 'http', http_upstream_url: 'http://localhost:1' }, { upstreamUrl: 'http://localhost:1' }],
    ['needs no upstream in http mode: a host gives each replica one', { mode: 'http' }, { upstreamUrl: undefined }],
  ])('%s', (_, env, expected) => {
    expect(readFunctionSettings({ fprocess: 'cat', ...env })).toMatchObject(expected);
  });

  it('knows the second name of the command', () => {
    expect(readFunctionSettings({ function_process: 'wc -l' })).toMatchObject({ argv: ['wc', '-l'], mode: 'streaming', classic: false, execTimeoutMs: 30_000 });
  });

  it.each<[string, Env]>([
    ['no command', {}],
    ['a command of spaces', { fprocess: '  ' }],
    ['a mode that there is not', { fprocess: 'cat', mode: 'afterburn' }],
    ['prefork in http mode', { fprocess: 'cat', mode: 'http', prefork: '2', cgi_headers: 'false' }],
    ['more prefork than is sensible', { fprocess: 'cat', prefork: '257', cgi_headers: 'false' }],
    ['an upstream that is no URL', { fprocess: 'cat', ...http, upstream_url: '127.0.0.1:3000' }],
    ['an upstream that is not HTTP', { fprocess: 'cat', ...http, upstream_url: 'file:///etc/passwd' }],
  ])('refuses %s', (_, env) => {
    expect(() => readFunctionSettings(env)).toThrow(SettingsError);
  });
});

describe('readSingleSettings()', () => {
  const read = (env: Env) => readSingleSettings(env, readFunctionSettings({ fprocess: 'cat', ...env }));

  it.each<[string, Env, Partial<SingleSettings>]>([
    ['has defaults', {}, { port: 8080, metricsPort: 8081, readTimeoutMs: 30_000, writeTimeoutMs: 30_000, healthcheckIntervalMs: 30_000, lockFile: '/tmp/.lock' }],
    ['serves on 8080 when the port cannot be read', { port: 'http' }, { port: 8080 }],
    ['waits for health checks as long as for calls', { write_timeout: '7s' }, { healthcheckIntervalMs: 7_000 }],
    ['unless it is told how long', { write_timeout: '7s', healthcheck_interval: '0' }, { healthcheckIntervalMs: 0 }],
    ['puts the lock file where TMPDIR says', { TMPDIR: '/run' }, { lockFile: '/run/.lock' }],
    ['listens on all addresses unless it is told one', {}, { listenAddress: undefined }],
    ['listens on the address that it is told', { listen_address: '127.0.0.1' }, { listenAddress: '127.0.0.1' }],
    ['writes none when that is suppressed', { suppress_lock: 'true' }, { lockFile: undefined }],
  ])('%s', (_, env, expected) => {
    expect(read(env)).toMatchObject(expected);
  });

  it.each<[string, Env, RegExp]>([
    ['http mode without an upstream', { mode: 'http' }, /^upstream_url /],
    ['no time to write', { mode: 'streaming', write_timeout: '0s' }, /^write_timeout /],
    ['a port above all', { metrics_port: '65536' }, /^metrics_port /],
  ])('refuses %s, and names the variable', (_, env, message) => {
    expect(() => read(env)).toThrow(message);
  });
});

describe('splitCommand()', () => {
  it.each([
    ['cat', ['cat']],
    [' head -c 3 ', ['head', '-c', '3']],
    ['echo "a b"', ['echo', '"a', 'b"']],
    ['echo  x', ['echo', '', 'x']],
  ])('cuts %j at each single space', (text, argv) => {
    expect(splitCommand(text)).toEqual(argv);
  });
});
