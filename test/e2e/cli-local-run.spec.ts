import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Cli, type RunningCli } from './cli-process';

let cli: Cli;
let running: RunningCli | undefined;
beforeEach(async () => {
  cli = new Cli();
  await cli.run(['new', 'hello', '--lang', 'bash']);
  write('hello/handler.sh', 'echo "$GREETING $(cat) $(cat "$SHOAL_SECRETS/name" 2>/dev/null)"\n');
});
afterEach(async () => {
  running?.signal('SIGINT');
  await running?.ended;
  running = undefined;
  cli.dispose();
});

const shoal = (...args: string[]) => cli.run(args);
const write = (path: string, text: string, mode = 0o644) => writeFileSync(join(cli.folder, path), text, { mode });

/** Starts it and waits until it serves. */
async function start(...args: string[]): Promise<string> {
  running = cli.start(args);
  await running.says(/Listening on port/);
  return /http:\/\/127\.0\.0\.1:\d+\//.exec(running.stdout)![0];
}

async function call(url: string, body = ''): Promise<string> {
  return (await (await fetch(url, { method: 'POST', body })).text()).trim();
}

/** As `docker` would be found: it tells what it was asked. */
function fakeDocker(code = 0): Readonly<Record<string, string>> {
  mkdirSync(join(cli.folder, 'bin'));
  write('bin/docker', `#!/bin/sh\nprintf '<%s>' "$@"\necho\nexit ${code}\n`, 0o755);
  return { PATH: `${join(cli.folder, 'bin')}:${process.env['PATH']}` };
}

it('shoal local-run builds a function and runs it on 127.0.0.1 until Ctrl-C, with its environment and secrets', async () => {
  mkdirSync(join(cli.folder, '.secrets'));
  write('.secrets/name', 'secretly');
  write('env.yml', 'environment: {GREETING: hello}\n');
  write('stack.yaml', 'provider: {name: openfaas}\nfunctions: {hello: {lang: bash, handler: ./hello, environment_file: [env.yml], secrets: [name, other]}}\n');
  const url = await start('local-run', '--port', '0');
  expect(await call(url, 'you')).toBe('hello you secretly');
  expect(running!.stderr).toContain('The secret other is not there: write it to .secrets/other');
  running!.signal('SIGINT');
  expect(await running!.ended).toMatchObject({ code: 0 });
  await expect(fetch(url)).rejects.toThrow();
});

it('shoal local-run runs a function that is a server', async () => {
  await shoal('new', 'server', '--lang', 'node');
  write('server/handler.js', "export default async (event) => `${process.env.GREETING} ${event.path}`;\n");
  const url = await start('local-run', 'server', '-p', '0', '-e', 'GREETING=good day', '--quiet');
  expect(await call(`${url}a/path`)).toBe('good day /a/path');
});

it('shoal local-run --watch starts it anew at a save; what cannot be built leaves the one before', async () => {
  write('hello/handler.sh', 'echo first\n');
  const url = await start('local-run', '-p', '0', '--watch');
  await running!.says(/Watching for changes/);
  expect(await call(url)).toBe('first');
  write('stack.yaml', 'functions: [\n');
  await running!.says(/Error: stack\.yaml:/);
  expect(await call(url)).toBe('first');
  write('stack.yaml', 'provider: {name: openfaas}\nfunctions: {hello: {lang: bash, handler: ./hello}}\n');
  write('hello/handler.sh', 'echo second\n');
  await running!.says(/(runs at [^]*){2,}/);
  const deadline = Date.now() + 10_000;
  while ((await call(url).catch(() => '')) !== 'second' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await call(url)).toBe('second');
  running!.signal('SIGINT');
  expect(await running!.ended).toMatchObject({ code: 0 });
});

it('shoal local-run --print prints a command that would run it, and --no-build what was built last', async () => {
  expect(await shoal('local-run', '--no-build', '-p', '0')).toMatchObject({ code: 5, stderr: expect.stringContaining('there is no bundle of hello') });
  await shoal('build', '--bundle');
  const bundles = readdirSync(join(cli.folder, 'build/bundles'));
  write('hello/handler.sh', 'echo changed\n');
  const { code, stdout } = await shoal('local-run', '--build=false', '--print', '-p', '0', '--env', "GREETING=it's");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^cd \S+\/build\/bundles\/hello-\w+\/function && env -i .*'GREETING=it'\\''s' .*'fprocess=bash handler\.sh' .* listen_address=127\.0\.0\.1 /);
  expect(readdirSync(join(cli.folder, 'build/bundles'))).toEqual(bundles);
});

it('shoal local-run runs an image by Docker: a ready-made one, or with --docker', async () => {
  mkdirSync(join(cli.folder, '.secrets'));
  const env = fakeDocker();
  const image = await cli.run(['local-run', 'ready', '--image', 'example/ready:1', '-p', '0', '--network', 'mine', '-e', 'A=b c'], { env });
  expect(image).toMatchObject({ code: 0, stdout: expect.stringMatching(/\n<run><--rm><--name><ready-\d+><-p><127\.0\.0\.1:\d+:8080><--network><mine><-v><.*\/\.secrets:\/var\/openfaas\/secrets:ro><-e><A=b c><example\/ready:1>\n$/) });
  expect((await cli.run(['local-run', '--docker', '--no-build', '--print', '-p', '0'], { env })).stdout).toMatch(/^docker run --rm .* hello:latest\n$/);
  expect((await cli.run(['local-run', '--docker', '-p', '0'], { env })).stdout).toMatch(/^Image: hello:latest built\.\n[^]*<run>.*<hello:latest>\n$/);
});

it('shoal local-run says what is in the way', async () => {
  await shoal('new', 'another', '--lang', 'bash');
  expect(await shoal('local-run')).toMatchObject({ code: 2, stderr: expect.stringContaining('there are 2 functions, and one can be run at a time\nname one of hello, another') });
  expect(await shoal('local-run', 'third')).toMatchObject({ code: 2, stderr: expect.stringContaining('no function third') });
  expect(await shoal('local-run', 'hello', '--network', 'mine', '-p', '0')).toMatchObject({ code: 2, stderr: expect.stringContaining('--network is for images') });
  expect(await shoal('local-run', 'hello', '--port', '70000')).toMatchObject({ code: 2, stderr: expect.stringContaining('from 0 to 65535') });
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  expect(await shoal('local-run', 'hello', '--port', String(port))).toMatchObject({ code: 6, stdout: '', stderr: `Error: port ${port} is in use\nchoose another: --port ${port + 1}\n` });
  taken.close();
  write('another/handler.sh', '');
  const env = fakeDocker(3);
  expect(await cli.run(['local-run', 'ready', '--image', 'example/ready', '-p', '0'], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('ready ended with exit code 3') });
});
