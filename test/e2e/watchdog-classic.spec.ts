import { WatchdogProcess, WATCHDOGS } from './watchdog-process';

const GO_DATE = String.raw`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`;

describe.each(WATCHDOGS)('the watchdog in classic mode, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;
  const start = async (env: Record<string, string>, files: Record<string, string> = {}) => (watchdog = await WatchdogProcess.start(program, env, files));
  afterEach(() => watchdog.dispose());

  const environment = (text: string) =>
    Object.fromEntries(text.split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));

  it('exports the head of the call as Http_*', async () => {
    await start({ fprocess: 'env' });
    const { text } = await watchdog.call('/a%20b/%C3%A9?x=%20y&z', {
      method: 'PUT',
      headers: { 'x-foo-bar': '1', 'X-Two': ['first', 'second'], Proxy: 'http://elsewhere', 'Content-Length': '3' },
      body: 'abc',
    });
    expect(environment(text)).toMatchObject({
      Http_Method: 'PUT',
      Http_Path: '/a b/é',
      Http_Query: 'x=%20y&z',
      Http_X_Foo_Bar: '1',
      Http_X_Two: 'first',
      Http_ContentLength: '3',
      Http_Content_Length: '3',
      Http_Host: `127.0.0.1:${watchdog.port}`,
    });
    expect(environment(text)).not.toHaveProperty('Http_Proxy');
    expect(environment(text)).not.toHaveProperty('Http_Transfer_Encoding');
  });

  it('says of a chunked call that its length is not known, and of one without a query nothing', async () => {
    await start({ fprocess: 'env' });
    const { text } = await watchdog.call('/', { headers: { 'Transfer-Encoding': 'chunked' }, body: 'abc' });
    expect(environment(text)).toMatchObject({ Http_ContentLength: '-1', Http_Transfer_Encoding: 'chunked' });
    expect(environment(text)).not.toHaveProperty('Http_Query');
  });

  it('exports nothing with cgi_headers=false', async () => {
    await start({ fprocess: 'env', cgi_headers: 'false' });
    expect((await watchdog.call('/?x=1')).text).not.toContain('Http_');
  });

  it('pipes the body through, and logs the two lines that tools look for', async () => {
    await start({ fprocess: 'cat' });
    const body = Buffer.alloc(3_000_000, 'shoal ').toString();
    const answer = await watchdog.call('/', { body });
    expect(answer.status).toBe(200);
    expect(answer.text === body).toBe(true);
    await watchdog.until(() => / Wrote 3000000 Bytes/.test(watchdog.output));
    expect(watchdog.output).toMatch(new RegExp(`^${GO_DATE} Forking fprocess\\.$`, 'm'));
    expect(watchdog.output).toMatch(new RegExp(`^${GO_DATE} Wrote 3000000 Bytes - Duration: \\d+\\.\\d{6}s$`, 'm'));
  });

  it('says how long the process took', async () => {
    await start({ fprocess: 'cat' });
    expect((await watchdog.call('/', { body: 'x' })).headers['x-duration-seconds']).toMatch(/^\d+\.\d{6}$/);
  });

  it.each([
    ['the request\'s, without a setting', {}, 'application/json', 'application/json'],
    ['content_type, whatever the request says', { content_type: 'text/csv' }, 'application/json', 'text/csv'],
    ['sniffed, where neither says any', {}, undefined, 'text/html; charset=utf-8'],
  ])('answers with the Content-Type: %s', async (_, env, sent, expected) => {
    await start({ fprocess: 'cat', ...env });
    const answer = await watchdog.call('/', { body: '<html>', headers: sent ? { 'Content-Type': sent } : {} });
    expect(answer.headers['content-type']).toBe(expected);
  });

  const failing = { 'fail.sh': 'echo out; echo err >&2; exit 7' };

  it('turns an exit code into a 500 that begins with it and goes on with all output', async () => {
    await start({ fprocess: 'sh FOLDER/fail.sh' }, failing);
    const answer = await watchdog.call();
    expect(answer.status).toBe(500);
    expect(answer.text).toMatch(/^exit status 7\n(out\nerr|err\nout)\n$/);
  });

  it('leaves stderr to the log with combine_output=false', async () => {
    await start({ fprocess: 'sh FOLDER/fail.sh', combine_output: 'false' }, failing);
    expect((await watchdog.call()).text).toBe('exit status 7\nout\n');
    await watchdog.until(() => /stderr: .*err$/m.test(watchdog.output));
  });

  it('says that a program is missing', async () => {
    await start({ fprocess: 'no-such-program' });
    expect(await watchdog.call()).toMatchObject({ status: 500, text: 'fork/exec no-such-program: no such file or directory\n' });
  });

  it.each(['HEAD', 'OPTIONS', 'TRACE'])('refuses %s', async (method) => {
    await start({ fprocess: 'cat' });
    expect(await watchdog.call('/', { method })).toMatchObject({ status: 405, text: '' });
  });

  it('refuses more than max_inflight calls', async () => {
    await start({ fprocess: 'cat', max_inflight: '1' });
    const unfinished = watchdog.open('/', { method: 'POST', headers: { 'Content-Length': '5' } }, 'ab').catch(() => undefined);
    await watchdog.until(async () => /^http_requests_in_flight 1$/m.test(await watchdog.metrics()));
    expect(await watchdog.call()).toMatchObject({ status: 429, text: 'Concurrent request limit exceeded. Max concurrent requests: 1\n' });
    watchdog.signal('SIGINT');
    await unfinished;
  });

  it('hands the call over as JSON with marshal_request', async () => {
    await start({ fprocess: 'cat', marshal_request: 'true' });
    const answer = await watchdog.call('/', { body: 'héllo', headers: { 'x-one': ['a', 'b'] } });
    const call = JSON.parse(answer.text) as { header: Record<string, string[]>; body: { raw: string } };
    expect(call.header['X-One']).toEqual(['a', 'b']);
    expect(Buffer.from(call.body.raw, 'base64').toString()).toBe('héllo');
  });

  it.each(['constructor', '__proto__', 'toString'])('survives a header named %s with marshal_request', async (name) => {
    await start({ fprocess: 'cat', marshal_request: 'true' });
    expect((await watchdog.call('/', { body: 'x', headers: Object.fromEntries([[name, '1']]) })).status).toBe(200);
    expect((await watchdog.call('/', { body: 'x' })).status).toBe(200);
  });

  it('logs what went in and out with write_debug, and the headers with debug_headers', async () => {
    await start({ fprocess: 'cat', write_debug: 'true', debug_headers: 'true' });
    await watchdog.call('/deep?a=1', { body: 'hello', headers: { 'X-Seen': 'yes' } });
    await watchdog.until(() => /Duration: \d+\.\d{6}s/.test(watchdog.output));
    for (const line of ['Query a=1', 'Path /deep', 'Out=hello', 'X-Seen: yes']) expect(watchdog.output).toContain(`${line}\n`);
    expect(watchdog.output).not.toContain('Wrote ');
  });

  it('counts calls under the names of both originals, and health checks not', async () => {
    await start({ fprocess: 'cat' });
    await watchdog.call('/', { body: 'x' });
    await watchdog.health();
    await watchdog.until(async () => /^http_requests_in_flight 0$/m.test(await watchdog.metrics()));
    const metrics = await watchdog.metrics();
    expect(metrics).toMatch(/^http_requests_total\{code="200",method="post"\} 1$/m);
    expect(metrics).toMatch(/^http_request_duration_seconds_count\{code="200",method="post"\} 1$/m);
    expect(metrics).toMatch(/^http_request_duration_seconds_bucket\{le="0\.005",code="200",method="post"\} [01]$/m);
    expect(metrics).not.toContain('method="get"');
  });
});
