import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBundle } from '../../apps/cli/src/build/bundle';
import { loadTemplate } from '../../apps/cli/src/templates/template';
import { describeUnlessMissing, describeWithPrograms } from '../describe-with';
import { GatewayProcess } from './gateway-process';

const templates = join(__dirname, '../../templates');
const GO_BUILD_MS = 120_000;

let gateway: GatewayProcess;
let project: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'shoal-templates-'));
  gateway = await GatewayProcess.start();
});
afterAll(async () => {
  await gateway.dispose();
  rmSync(project, { recursive: true, force: true });
});

/** Makes a function of a template's sample, with `files` on top, and builds it. */
async function build(lang: string, name = lang, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const handler = join(project, name);
  if (!existsSync(handler)) cpSync(join(templates, lang, 'function'), handler, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(handler, path), text);
  const template = await loadTemplate(lang, templates);
  return (await buildBundle({ function: { name, handler: name }, template, folder: project, copy: [] })).folder;
}

async function buildAndDeploy(lang: string, name = lang, files: Readonly<Record<string, string>> = {}, envVars: Readonly<Record<string, string>> = {}): Promise<void> {
  await gateway.deploy(name, { image: await build(lang, name, files), envVars });
}

async function call(path: string, { body = '', method = 'POST', headers = {} }: { body?: string | Buffer | ReadableStream; method?: string; headers?: Readonly<Record<string, string>> } = {}): Promise<{ status: number; text: string; headers: Headers }> {
  const init = { method, headers: { 'Content-Type': 'text/plain', ...headers }, ...(['GET', 'HEAD'].includes(method) ? {} : { body, duplex: 'half' }) };
  const answer = await fetch(`${gateway.url}/function/${path}`, init as RequestInit);
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

/** The exit code and what was said, of a template's own test. */
function test(folder: string, command: string, ...args: readonly string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', NODE_OPTIONS: '' } });
  return { status, said: stdout + stderr };
}

/** In pieces, so that nobody knows its length beforehand. */
function chunked(...chunks: readonly string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
      controller.close();
    },
  });
}

function itGreets(lang: string): void {
  it(`${lang}: the sample greets whom the body names`, async () => {
    await buildAndDeploy(lang);
    expect(await call(lang, { body: 'Ada' })).toMatchObject({ status: 200, text: 'Hello, Ada!\n' });
    expect(await call(lang)).toMatchObject({ status: 200, text: 'Hello, world!\n' });
    // As `curl -d Ada` says it.
    expect(await call(lang, { body: 'Ada', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).toMatchObject({ text: 'Hello, Ada!\n' });
    expect(await call(lang, { body: chunked('A', 'da') })).toMatchObject({ text: 'Hello, Ada!\n' });
  }, GO_BUILD_MS);
}

/** By itself, because a gateway asks it to end only when no call is running. */
function itFinishesCalls(lang: string, files: Readonly<Record<string, string>>, argv: readonly string[]): void {
  it(`${lang}: a call that runs when the server is told to end gets its answer`, async () => {
    const folder = await build(lang, `${lang}-slow`, files);
    const port = await freePort();
    const server = spawn(argv[0]!, argv.slice(1), { cwd: folder, env: { ...process.env, PORT: String(port) }, stdio: 'inherit' });
    const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    await gateway.until(() => ask('/running').then((text) => text === '0', () => false));
    const slow = ask('/slow');
    await gateway.until(async () => (await ask('/running')) === '1');
    server.kill('SIGTERM');
    await gateway.until(() => ask('/running').then(() => false, () => true));
    expect(await slow).toBe('done');
    // At once, whatever connections were kept.
    await gateway.until(() => server.exitCode !== null, 2_000);
    expect(await ended).toBe(0);
  }, GO_BUILD_MS);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the template node', () => {
  itGreets('node');
  itFinishesCalls('node', {
    'handler.js': `let running = 0;
export default async (event) => {
  if (event.path === '/running') return String(running);
  running++;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return 'done';
};`,
  }, [process.execPath, 'server.mjs']);

  it('node: its own test passes', async () => {
    const folder = await build('node', 'node-edit');
    expect(test(join(folder, 'function'), process.execPath, '--test')).toMatchObject({ status: 0, said: expect.stringContaining('pass 2') });
  });

  it('node: an ES module gets the request as an event, and says all of the answer', async () => {
    await buildAndDeploy('node', 'node-event', {
      'handler.js': `export default async (event, context) => {
  if (event.path === '/fail') throw new TypeError('broken');
  if (event.path === '/bytes') return Buffer.from([1, 2, 255]);
  if (event.path === '/nothing') return;
  if (event.path === '/status') return context.status(1000) && 'x';
  if (event.path === '/circle') { const a = {}; a.a = a; return a; }
  context.status(201).headers({ 'X-Mine': 'yes' });
  const { body, method, path, query } = event;
  return { body: Buffer.isBuffer(body) ? body.length : body, method, path, query, header: event.headers['x-theirs'] };
};`,
    });
    const answer = await call('node-event/a%20b?x=1&x=2&y=%C3%A4', { body: '{"a":1}', headers: { 'Content-Type': 'application/json; charset=utf-8', 'X-Theirs': 'hello' } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-mine')).toBe('yes');
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(JSON.parse(answer.text)).toEqual({ body: { a: 1 }, method: 'POST', path: '/a%20b', query: { x: ['1', '2'], y: 'ä' }, header: 'hello' });
    expect(JSON.parse((await call('node-event', { method: 'PUT', body: 'a=1&b=2', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).text)).toMatchObject({ body: { a: '1', b: '2' }, method: 'PUT' });
    expect(JSON.parse((await call('node-event', { body: Buffer.alloc(7), headers: { 'Content-Type': 'image/png' } })).text)).toMatchObject({ body: 7 });
    expect(await call('node-event/bytes')).toMatchObject({ status: 200, text: Buffer.from([1, 2, 255]).toString() });
    expect(await call('node-event/nothing')).toMatchObject({ status: 200, text: '' });
    expect(await call('node-event/fail')).toMatchObject({ status: 500, text: 'TypeError: broken' });
    expect(await call('node-event/status')).toMatchObject({ status: 500, text: expect.stringContaining('1000') });
    expect(await call('node-event/circle')).toMatchObject({ status: 500, text: expect.stringContaining('circular') });
    expect(await call('node-event', { body: '{', headers: { 'Content-Type': 'application/json' } })).toMatchObject({ status: 400, text: expect.stringContaining('no JSON') });
    const logs = await (await fetch(`${gateway.url}/system/logs?name=node-event`)).text();
    expect(logs).toMatch(/TypeError: broken.*\n?.*handler\.js/);
  });

  it('node: a CommonJS module, with context or a callback, with raw bodies and limits', async () => {
    const handler = `module.exports = (event, context, callback) => {
  if (event.path === '/fail') return context.status(404).fail('no such thing');
  if (event.path === '/succeed') return void setTimeout(() => context.succeed({ raw: Buffer.isBuffer(event.body) }), 5);
  setTimeout(() => callback(event.path === '/error' ? new Error('by callback') : null, 'by callback'), 5);
};`;
    await buildAndDeploy('node', 'node-cjs', { 'handler.js': handler, 'package.json': '{}' }, { RAW_BODY: 'true', MAX_RAW_SIZE: '1kb' });
    expect(await call('node-cjs')).toMatchObject({ status: 200, text: 'by callback' });
    expect(await call('node-cjs/succeed', { headers: { 'Content-Type': 'application/json' } })).toMatchObject({ text: '{"raw":true}' });
    expect(await call('node-cjs/error')).toMatchObject({ status: 500, text: 'Error: by callback' });
    expect(await call('node-cjs/fail')).toMatchObject({ status: 404, text: 'no such thing' });
    expect(await call('node-cjs', { body: 'x'.repeat(1024) })).toMatchObject({ status: 200 });
    expect(await call('node-cjs', { body: 'x'.repeat(1025) })).toMatchObject({ status: 413, text: expect.stringContaining('MAX_RAW_SIZE') });
    expect(await call('node-cjs', { body: chunked('x'.repeat(1000), 'x'.repeat(100_000)) })).toMatchObject({ status: 413 });
  });

  it('node: packages that package.json names are installed once', async () => {
    const dependency = mkdtempSync(join(project, 'dependency-'));
    writeFileSync(join(dependency, 'package.json'), '{ "name": "answer", "version": "1.0.0", "main": "index.js" }');
    writeFileSync(join(dependency, 'index.js'), 'module.exports = 42;');
    const packageJson = JSON.stringify({ type: 'module', dependencies: { answer: `file:${dependency}` } });
    await buildAndDeploy('node', 'node-packages', { 'package.json': packageJson, 'handler.js': "import answer from 'answer';\nexport default async () => String(answer);" });
    expect(await call('node-packages')).toMatchObject({ status: 200, text: '42' });
  });
});

describe('the template node-ts', () => {
  itGreets('node-ts');

  it('node-ts: its own test passes, as TypeScript where Node takes that, and as what becomes of it', async () => {
    const folder = await build('node-ts');
    expect(readFileSync(join(folder, 'function/handler.js'), 'utf8')).not.toContain('Promise<string>');
    expect(test(join(folder, 'function'), process.execPath, '--test')).toMatchObject({ status: 0, said: expect.stringContaining('pass 2') });
    const [major, minor] = process.versions.node.split('.').map(Number);
    if (major! > 22 || (major === 22 && minor! >= 18)) {
      expect(test(join(project, 'node-ts'), process.execPath, '--test')).toMatchObject({ status: 0, said: expect.stringContaining('pass 2') });
    }
  });

  it('node-ts: its sample has no error of types', () => {
    const handler = join(project, 'node-ts');
    const tsc = join(__dirname, '../../node_modules/typescript/bin/tsc');
    const types = ['--typeRoots', join(__dirname, '../../node_modules/@types'), '--types', 'node'];
    expect(test(handler, process.execPath, tsc, '-p', '.', ...types)).toEqual({ status: 0, said: '' });
  });
});

describeWithPrograms('the template python3', ['python3'], 'python3', () => {
  itGreets('python3');
  itFinishesCalls('python3', {
    'handler.py': `import time
running = 0
def handle(event, context):
    global running
    if event.path == '/running':
        return str(running)
    running += 1
    time.sleep(1)
    return 'done'
`,
  }, ['python3', 'server.py']);

  it('python3: its own test passes', async () => {
    const folder = await build('python3');
    expect(test(join(folder, 'function'), 'python3', '-m', 'unittest')).toMatchObject({ status: 0, said: expect.stringContaining('Ran 2 tests') });
  });

  it('python3: handle(event, context) gets the request, and says all of the answer', async () => {
    await buildAndDeploy('python3', 'python3-event', {
      'handler.py': `def handle(event, context):
    if event.path == '/fail':
        raise ValueError('broken')
    if event.path == '/bytes':
        return bytes([1, 2, 255])
    if event.path == '/nothing':
        return None
    if event.path == '/empty':
        return {'statusCode': 204}
    body = {'body': len(event.body), 'method': event.method, 'path': event.path, 'query': event.query, 'header': event.headers.get('X-Theirs'), 'hostname': len(context.hostname) > 0}
    if event.path == '/plain':
        return body
    return {'statusCode': 201, 'headers': {'X-Mine': 'yes'}, 'body': body}
`,
    }, { MAX_RAW_SIZE: '1kb' });
    const answer = await call('python3-event/a%20b?x=1&y=%C3%A4&z=', { method: 'PATCH', body: 'abc', headers: { 'X-Theirs': 'hello' } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-mine')).toBe('yes');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(answer.text)).toEqual({ body: 3, method: 'PATCH', path: '/a%20b', query: { x: '1', y: 'ä', z: '' }, header: 'hello', hostname: true });
    expect(await call('python3-event/plain')).toMatchObject({ status: 200, text: expect.stringContaining('"path": "/plain"') });
    expect(await call('python3-event/bytes')).toMatchObject({ status: 200, text: Buffer.from([1, 2, 255]).toString() });
    expect(await call('python3-event/nothing')).toMatchObject({ status: 200, text: '' });
    expect(await call('python3-event/empty')).toMatchObject({ status: 204, text: '' });
    expect(await call('python3-event/plain', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await call('python3-event/fail')).toMatchObject({ status: 500, text: 'ValueError: broken\n' });
    expect(await call('python3-event', { body: 'x'.repeat(1025) })).toMatchObject({ status: 413, text: expect.stringContaining('MAX_RAW_SIZE') });
    expect(await call('python3-event', { body: chunked('x'.repeat(1000), 'x'.repeat(1000)) })).toMatchObject({ status: 413 });
    const logs = await (await fetch(`${gateway.url}/system/logs?name=python3-event`)).text();
    expect(logs).toContain('Traceback');
  });

  it('python3: handle(req) of older functions gets a text, and calls run at the same time', async () => {
    await buildAndDeploy('python3', 'python3-text', {
      // Each waits until all four are there.
      'handler.py': 'import threading\n\nmeeting = threading.Barrier(4)\n\ndef handle(req):\n    meeting.wait(10)\n    return req.upper()\n',
    });
    const answers = await Promise.all(['a', 'b', 'c', 'ä'].map((body) => call('python3-text', { body })));
    expect(answers.map(({ text }) => text)).toEqual(['A', 'B', 'C', 'Ä']);
  });
});

const pip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0 ? undefined : 'not installed: pip (Debian: python3-pip)';
describeUnlessMissing('the template python3 with packages', pip, () => {
  it('python3: packages that requirements.txt names are installed', async () => {
    // A package as pip takes it, made by hand: there may be no network.
    const wheel = `import zipfile
with zipfile.ZipFile('answer-1.0-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('answer.py', 'ANSWER = 42')
    wheel.writestr('answer-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: answer\\nVersion: 1.0\\n')
    wheel.writestr('answer-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('answer-1.0.dist-info/RECORD', '')
`;
    await build('python3', 'python3-packages');
    expect(test(join(project, 'python3-packages'), 'python3', '-c', wheel)).toEqual({ status: 0, said: '' });
    const files = { 'requirements.txt': './answer-1.0-py3-none-any.whl\n', 'handler.py': 'from answer import ANSWER\n\ndef handle(req):\n    return str(ANSWER)\n' };
    await buildAndDeploy('python3', 'python3-packages', files);
    expect(await call('python3-packages')).toMatchObject({ status: 200, text: '42' });
  });
});

describeWithPrograms('the template bash', ['bash'], 'bash', () => {
  itGreets('bash');

  it('bash: its own test passes, and fails when the handler is wrong', async () => {
    const folder = await build('bash');
    expect(test(project, 'bash', join(folder, 'function/handler_test.sh'))).toMatchObject({ status: 0 });
    const wrong = await build('bash', 'bash-wrong', { 'handler.sh': 'echo no' });
    expect(test(join(wrong, 'function'), 'bash', 'handler_test.sh')).toMatchObject({ status: 2 });
  });

  it('bash: an exit code is a 500', async () => {
    await buildAndDeploy('bash', 'bash-fails', { 'handler.sh': 'echo "$Http_Path"; exit 3' });
    expect(await call('bash-fails/x')).toMatchObject({ status: 500, text: expect.stringContaining('/x') });
  });
});

describeWithPrograms('the template go', ['go'], 'golang-go', () => {
  itGreets('go');
  itFinishesCalls('go', {
    'handler.go': `package function

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

var running int32

func Handle(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/running" {
		fmt.Fprint(w, atomic.LoadInt32(&running))
		return
	}
	atomic.AddInt32(&running, 1)
	time.Sleep(time.Second)
	fmt.Fprint(w, "done")
}
`,
  }, ['./handler']);

  it('go: a panic is a 500, in a module of any name, whose tests pass', async () => {
    const panics = 'package function\n\nimport "net/http"\n\nfunc Panic(r *http.Request) {\n\tif r.URL.Path == "/panic" {\n\t\tpanic("broken")\n\t}\n}\n';
    const sample = readFileSync(join(templates, 'go/function/handler.go'), 'utf8');
    const files = { 'go.mod': 'module example.org/mine\n\ngo 1.19\n', 'panic.go': panics, 'handler.go': sample.replace('r *http.Request) {\n', 'r *http.Request) {\n\tPanic(r)\n') };
    await buildAndDeploy('go', 'go-module', files);
    expect(await call('go-module/panic')).toMatchObject({ status: 500, text: 'broken\n' });
    expect(await call('go-module', { body: 'Ada' })).toMatchObject({ status: 200, text: 'Hello, Ada!\n' });
    const folder = await build('go', 'go-module');
    expect(test(join(folder, 'function'), 'go', 'test', './...')).toMatchObject({ status: 0 });
  }, GO_BUILD_MS);

  it('go: what does not compile is said as the compiler says it', async () => {
    const handler = 'package function\n\nfunc Handle() { undefined() }\n';
    await expect(build('go', 'go-wrong', { 'handler.go': handler })).rejects.toMatchObject({ reason: 'build', message: expect.stringContaining('handler.go:3') });
  }, GO_BUILD_MS);
});
