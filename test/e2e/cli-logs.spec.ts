import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Cli } from './cli-process';
import { GatewayProcess } from './gateway-process';

describe('shoal logs', () => {
  const cli = new Cli();
  let gateway: GatewayProcess;
  const logs = (...args: string[]) => cli.run(['logs', ...args, '--gateway', gateway.url]);
  const call = (body: string, headers: Record<string, string> = {}) => fetch(`${gateway.url}/function/talker`, { method: 'POST', body, headers });

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    const script = join(gateway.home, 'talk.sh');
    writeFileSync(script, 'cat >&2\n');
    await gateway.deploy('talker', { envProcess: `sh ${script}`, envVars: { combine_output: 'false', log_callid: 'true' } });
    for (const [id, text] of [['call-1', 'first'], ['call-2', 'second'], ['call-3', 'third']] as const) await call(`${text}\n`, { 'X-Call-Id': id });
    await gateway.until(async () => (await (await fetch(`${gateway.url}/system/logs?name=talker`)).text()).split('Wrote').length === 4);
  });
  afterAll(async () => {
    cli.dispose();
    await gateway.dispose();
  });

  it('prints time and text of each line so far, and ends', async () => {
    const { code, stdout, stderr } = await logs('talker', '--no-follow');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(9);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S/);
    expect(stdout).toMatch(/first[^]+second[^]+third/);
  });

  it.each([['--tail=false'], ['-t=false'], ['--no-tail'], ['--follow=false']])('%s ends as well', async (flag) => {
    expect(await logs('talker', flag, '--lines', '2')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^.+\n.+\n$/) });
  });

  it('follows, and ends with 130 on Ctrl-C', async () => {
    const running = cli.start(['logs', 'talker', '--follow', '-t', '--lines', '1', '--gateway', gateway.url]);
    await running.says(/Wrote/);
    await call('fourth\n');
    await running.says(/fourth/);
    running.signal('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stderr: 'Interrupted.\n', stdout: expect.not.stringContaining('second') });
  });

  it('--since and --since-time leave out what is older', async () => {
    expect((await logs('talker', '--no-follow', '--since', '1h')).stdout).toContain('first');
    expect((await logs('talker', '--no-follow', '--since', '1ms')).stdout).toBe('');
    expect((await logs('talker', '--no-follow', '--since-time', '2000-01-01T00:00:00Z')).stdout).toContain('first');
    expect((await logs('talker', '--no-follow', '--since-time', '2999-01-01T00:00:00Z')).stdout).toBe('');
  });

  it('--call prints the lines that name a call', async () => {
    const { stdout } = await logs('talker', '--no-follow', '--call', 'call-2');
    expect(stdout).toContain('second');
    expect(stdout).not.toMatch(/first|third/);
  });

  it('--output, --name, --instance and --time-format say how', async () => {
    const last = ['--no-follow', '--lines', '1'];
    const [line] = (await logs('talker', ...last, '-o', 'json')).stdout.split('\n').map((text) => JSON.parse(text || '{}') as { timestamp: string; instance: string; text: string });
    expect(line).toMatchObject({ name: 'talker', namespace: 'openfaas-fn', text: expect.stringContaining('Wrote') });
    expect((await logs('talker', ...last, '--name', '--instance')).stdout).toContain(`Z talker (${line!.instance}) ${line!.text}`);
    expect((await logs('talker', ...last, '--output', 'keyvalue')).stdout).toMatch(/^timestamp="[^"]+" name="talker" instance="[^"]+" text="[^"]+"\n$/);
    expect((await logs('talker', ...last, '--time-format', '02.01.2006')).stdout).toMatch(/^\d\d\.\d\d\.\d{4} /);
    expect((await logs('talker', ...last, '--time-format', '')).stdout).toBe(`${line!.text}\n`);
  });

  it('--replica and --namespace choose', async () => {
    expect(await logs('talker', '--no-follow', '--replica', 'other')).toMatchObject({ code: 0, stdout: '' });
    expect(await logs('talker', '--no-follow', '-n', 'openfaas-fn', '--lines', '1')).toMatchObject({ code: 0, stdout: expect.stringContaining('Wrote') });
  });

  it.each([
    [['--lines', 'some'], 'whole number'],
    [['--since', 'monday'], 'duration'],
    [['--since-time', 'monday'], 'time such as'],
    [['--since', '1m', '--since-time', '2026-01-31T12:00:00Z'], 'cannot be used with'],
    [['--time-format', 'YYYY'], 'as in Go'],
    [['--call', 'x', '--lines', '5'], '--lines counts'],
    [['--output', 'xml'], 'plain, keyvalue, json'],
  ])('rejects %j', async (args, message) => {
    const { code, stderr } = await logs('talker', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('says that the gateway has ended the log, or that the connection broke off', async () => {
    const line = JSON.stringify({ name: 'x', namespace: 'n', instance: 'i', timestamp: '2026-01-31T12:00:00Z', text: 'with \u2028 inside' });
    const server = createServer((request, answer) => {
      answer.writeHead(200, { 'Transfer-Encoding': 'chunked' });
      answer.write(`${line}\n`, () => (request.url!.includes('name=breaks') ? answer.destroy() : answer.end()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await cli.run(['logs', 'ends', '--gateway', url])).toEqual({ code: 0, stdout: '2026-01-31T12:00:00Z with \u2028 inside\n', stderr: expect.stringContaining('has ended the log') });
    expect(await cli.run(['logs', 'breaks', '--gateway', url])).toMatchObject({ code: 3, stdout: expect.stringContaining('inside'), stderr: expect.stringContaining('broke off') });
    server.close();
  });
});
