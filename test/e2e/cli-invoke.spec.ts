import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { AsyncFunction } from './async-function';
import { Cli, type CliOptions } from './cli-process';
import { GatewayProcess } from './gateway-process';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

describe('shoal invoke', () => {
  const cli = new Cli();
  let gateway: GatewayProcess;
  const invoke = (args: readonly string[], options: CliOptions = {}) => cli.run(['invoke', ...args, '--gateway', gateway.url], options);
  const seen = async (args: readonly string[], options?: CliOptions): Promise<Seen> => {
    const { code, stdout, stderr } = await invoke(['server', ...args], options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { body, ...rest } = JSON.parse(stdout) as Seen;
    return { ...rest, body: Buffer.from(body, 'base64').toString('latin1') };
  };
  let server: AsyncFunction;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    // What a login has left must not reach a function.
    expect((await cli.run(['login', '--gateway', gateway.url, '--password-stdin'], { input: gateway.password })).code).toBe(0);
    await gateway.deploy('echo', { envProcess: 'cat' });
    await gateway.deploy('fail', { envProcess: 'false' });
    await gateway.deploy('slow', { envProcess: 'sleep 30', envVars: { exec_timeout: '300ms' } });
    server = await AsyncFunction.deploy(gateway, 'server', { annotations: { 'com.openfaas.retry.attempts': '0' } });
  });
  afterAll(async () => {
    cli.dispose();
    await gateway.dispose();
  });

  it('sends standard input, and writes the answer as it is, whatever its bytes', async () => {
    const input = randomBytes(200_000);
    const running = cli.start(['invoke', 'echo', '--gateway', gateway.url], { input });
    const chunks: Buffer[] = [];
    running.onStdout((chunk) => chunks.push(chunk));
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    expect(Buffer.concat(chunks).equals(input)).toBe(true);
  });

  it('sends what is too long to be held as it comes', async () => {
    const input = Buffer.alloc(6 * 1024 * 1024, 'x');
    const { code, stdout } = await invoke(['echo'], { input });
    expect({ code, length: stdout.length }).toEqual({ code: 0, length: input.length });
  });

  it('goes on sending while the function answers', async () => {
    await gateway.deploy('parrot', { envProcess: 'cat', envVars: { mode: 'streaming' } });
    const input = new PassThrough();
    const running = cli.start(['invoke', 'parrot', '--gateway', gateway.url], { input });
    // More than is held until its length is known.
    input.write('x'.repeat(6 * 1024 * 1024));
    await running.says(/^x/);
    input.end('y');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stderr, length: stdout.length, end: stdout.at(-1) }).toEqual({ code: 0, stderr: '', length: 6 * 1024 * 1024 + 1, end: 'y' });
  });

  it('sends no credentials of its own, a media type, and a length', async () => {
    const { method, headers, body } = await seen([], { input: 'hello' });
    expect({ method, body }).toEqual({ method: 'POST', body: 'hello' });
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '5' });
    expect(headers['authorization']).toBeUndefined();
  });

  it('takes method, headers, query and path as faas-cli does', async () => {
    const args = ['--method', 'put', '-H', 'X-One=1=1', '--header', 'authorization: Bearer a=b', '--query', 'a=b c', '--query', 'd=&', '--path', 'x/y', '--content-type', 'text/csv'];
    const { method, url, headers } = await seen(args);
    expect({ method, url }).toEqual({ method: 'PUT', url: '/x/y?a=b+c&d=%26' });
    expect(headers).toMatchObject({ 'x-one': '1=1', authorization: 'Bearer a=b', 'content-type': 'text/csv' });
    expect(await seen(['-H', 'content-type=a/b', '--path', '/?q=1', '--query', 'r=2'])).toMatchObject({ url: '/?q=1&r=2', headers: { 'content-type': 'a/b' } });
  });

  it('takes its body from --data, or from a file, instead', async () => {
    const file = join(cli.folder, 'body');
    writeFileSync(file, 'of a file');
    expect((await seen(['-d', 'text', '-m', 'PATCH'], { input: 'other' })).body).toBe('text');
    expect((await seen(['--data', `@${file}`])).body).toBe('of a file');
    expect((await seen(['--data', '@-', '-m', 'GET'], { input: 'typed' })).body).toBe('typed');
    expect(await seen(['-m', 'GET'], { input: 'not read' })).toMatchObject({ method: 'GET', body: '' });
  });

  it('signs the body with a key of a file, or one on the command line with a warning', async () => {
    const file = join(cli.folder, 'key');
    writeFileSync(file, 'k3y\n');
    const signature = `sha1=${createHmac('sha1', 'k3y').update('hello').digest('hex')}`;
    expect((await seen(['--sign', 'X-Sig', '--key-file', file], { input: 'hello' })).headers['x-sig']).toBe(signature);
    expect((await seen(['--sign', 'X-Sig', '--key-file', '-', '-d', 'hello'], { input: 'k3y\n' })).headers['x-sig']).toBe(signature);
    const warned = await invoke(['server', '--sign', 'X-Sig', '--key', 'k3y'], { input: 'hello' });
    expect(warned.stdout).toContain(signature);
    expect(warned.stderr).toContain('--key-file is better');
  });

  it('--include writes the head of the answer to standard error', async () => {
    const { stdout, stderr } = await invoke(['server', '-i', '--query', 'say=hi', '--query', 'status=201']);
    expect(stdout).toBe('hi');
    expect(stderr).toMatch(/^HTTP\/1.1 201 Created\n(.+\n)*x-own: yes\n/im);
  });

  it("tells a function's own refusal as faas-cli does, and ends with 1, also for 404", async () => {
    const { code, stdout, stderr } = await invoke(['server', '--query', 'status=404', '--query', 'say=none here']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('Server returned unexpected status code: 404 - none here\n');
  });

  it("tells the gateway's refusals with layer and limit, and a code of their own", async () => {
    expect(await invoke(['nobody'])).toMatchObject({ code: 5, stdout: '', stderr: expect.stringMatching(/nobody.*404 function-not-found, by the gateway[^]*shoal list/) });
    expect(await invoke(['slow'])).toMatchObject({ code: 7, stderr: expect.stringMatching(/exec-timeout.*by the watchdog.*300ms/s) });
    expect(await invoke(['fail'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/replica-failed/) });
    expect(await invoke(['server', '--timeout', '100ms', '--query', 'ms=5000'])).toMatchObject({ code: 7 });
  });

  it.each([
    [['--wait'], '--wait goes with --async'],
    [['-H', 'nonsense'], 'NAME=VALUE'],
    [['-H', 'a b=c'], 'a b'],
    [['--query', 'nonsense'], 'NAME=VALUE'],
    [['-m', 'FETCH'], 'one of GET'],
    [['--sign', 'X-Sig'], '--key-file'],
    [['--key', 'x'], '--sign'],
    [['--sign', 'X-Sig', '--key-file', '-'], 'both the key and the body'],
    [['--data', '@/nowhere'], '--data cannot be read'],
    [['--timeout', 'soon'], 'duration'],
  ])('rejects %j before it calls', async (args, message) => {
    const { code, stdout, stderr } = await invoke(['server', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says that there is no gateway', async () => {
    const { code, stderr } = await cli.run(['invoke', 'echo', '--gateway', '127.0.0.1:1']);
    expect(code).toBe(3);
    expect(stderr).toContain('http://127.0.0.1:1 cannot be reached: nothing listens there');
  });

  it('Ctrl-C breaks the call off', async () => {
    let left: () => void;
    const gone = new Promise<void>((resolve) => (left = resolve));
    const idle: Server = createServer((request) => request.on('close', () => left()));
    await new Promise<void>((resolve) => idle.listen(0, '127.0.0.1', resolve));
    const running = cli.start(['invoke', 'x', '--gateway', `http://127.0.0.1:${(idle.address() as AddressInfo).port}`]);
    await new Promise((resolve) => idle.once('request', resolve));
    running.signal('SIGINT');
    expect(await running.ended).toEqual({ code: 130, stdout: '', stderr: 'Interrupted.\n' });
    await gone;
    idle.close();
  });

  it('an answer that breaks off fails', async () => {
    const broken = createServer((_, answer) => {
      answer.writeHead(200, { 'Content-Length': '100' });
      answer.write('half', () => answer.destroy());
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const { code, stdout, stderr } = await cli.run(['invoke', 'x', '--gateway', `http://127.0.0.1:${(broken.address() as AddressInfo).port}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'half' });
    expect(stderr).toContain('the answer broke off');
    broken.close();
  });

  describe('--async', () => {
    it('prints the call id, and leaves the call to the queue', async () => {
      const { code, stdout, stderr } = await invoke(['server', '-a', '-H', 'X-Call-Id=mine-1'], { input: 'later' });
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'mine-1\n', stderr: 'Function submitted asynchronously.\n' });
      await gateway.until(() => server.ended().includes('mine-1'));
    });

    it('--wait writes the answer once the call has ended', async () => {
      const { code, stdout, stderr } = await invoke(['server', '--async', '--wait', '--query', 'say=done', '--query', 'ms=50']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'done' });
      expect(stderr).toMatch(/^Function submitted asynchronously\.\nIts call id is [-0-9a-f]{36}\.\n$/);
    });

    it('--wait ends as the call does', async () => {
      expect(await invoke(['server', '-a', '--wait', '--query', 'status=500', '--query', 'say=bad luck'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Server returned unexpected status code: 500 - bad luck') });
      expect(await invoke(['nobody', '-a', '--wait'])).toMatchObject({ code: 5 });
    });

    it('--wait ends after --timeout, and on Ctrl-C, and says how to look at the call that goes on', async () => {
      const args = ['server', '-a', '--wait', '--query', 'ms=10000'];
      expect(await invoke([...args, '--timeout', '500ms'])).toMatchObject({ code: 7, stderr: expect.stringMatching(/shoal queue show [-0-9a-f]{36}/) });
      const running = cli.start(['invoke', ...args, '--gateway', gateway.url]);
      await running.says(/call id is/);
      running.signal('SIGINT');
      expect(await running.ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/The call goes on.*shoal queue show/) });
    });
  });
});
