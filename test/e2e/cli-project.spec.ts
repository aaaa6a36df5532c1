import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Cli, type Ended } from './cli-process';
import { GatewayProcess } from './gateway-process';

let gateway: GatewayProcess;
let cli: Cli;

beforeAll(async () => void (gateway = await GatewayProcess.start()));
afterAll(() => gateway.dispose());
beforeEach(() => void (cli = new Cli({ OPENFAAS_URL: gateway.url })));
afterEach(async () => {
  for (const { name } of await functions()) await fetch(`${gateway.url}/system/functions`, { method: 'DELETE', body: JSON.stringify({ functionName: name }) });
  cli.dispose();
});

interface Listed {
  readonly name: string;
  readonly image: string;
  readonly envVars?: Record<string, string>;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly secrets?: string[];
}

const shoal = (...args: readonly string[]) => cli.run(args);
const functions = async () => (await (await fetch(`${gateway.url}/system/functions`)).json()) as Listed[];
const deployed = async (name: string) => (await functions()).find((one) => one.name === name);
const call = async (name: string, body = '') => (await fetch(`${gateway.url}/function/${name}`, { method: 'POST', body })).text();
const path = (name: string) => join(cli.folder, name);
const modeOf = (name: string) => (statSync(path(name)).mode & 0o777).toString(8);

function write(name: string, text: string): void {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), text);
}

function expectDone({ code, stdout, stderr }: Ended): string {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** A function of bash that answers with `text`. */
const answering = (text: string) => `#!/usr/bin/env bash\necho '${text}'\n`;

describe('shoal new', () => {
  it('makes a folder, a stack file and a .gitignore, and says what to do next', async () => {
    const { code, stdout, stderr } = await shoal('new', 'hello', '--lang', 'node');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Function created in folder: \.\/hello\nStack file: stack\.yaml\n\nNotes:\n/);
    expect(stderr).toContain('Next: shoal up');
    expect(readdirSync(path('hello'))).toContain('handler.js');
    expect([modeOf('hello'), modeOf('stack.yaml')]).toEqual(['700', '600']);
    expect(readFileSync(path('.gitignore'), 'utf8')).toBe('template\nbuild\n.secrets\n');
    expect(readFileSync(path('stack.yaml'), 'utf8')).toContain(`gateway: ${gateway.url}`);
  });

  it('adds a second function to the stack file that is there, and keeps its comments', async () => {
    expectDone(await shoal('new', 'one', '--lang', 'bash', '--quiet'));
    appendFileSync(path('stack.yaml'), '# mine\n');
    appendFileSync(path('.gitignore'), '*.log');
    expect(expectDone(await shoal('new', 'two', '--lang', 'Bash', '-q'))).not.toContain('Notes:');
    const text = readFileSync(path('stack.yaml'), 'utf8');
    expect(text).toMatch(/one:[^]*two:/);
    expect(text).toContain('# mine');
    expect(readFileSync(path('.gitignore'), 'utf8')).toBe('template\nbuild\n.secrets\n*.log');
  });

  it('writes what flags say into the stack file that they name', async () => {
    const limits = ['--memory-limit', '64Mi', '--cpu-limit', '100m', '--memory-request', '32Mi', '--cpu-request', '50m'];
    const { code, stderr } = await shoal('new', 'hello', '--lang', 'bash', '-p', 'me/', '--handler', 'src/hello', '--yaml', 'mine.yml', '-g', 'http://127.0.0.1:1', ...limits);
    expect({ code, next: stderr.includes('Next: shoal up -f mine.yml') }).toEqual({ code: 0, next: true });
    expect(existsSync(path('src/hello/handler.sh'))).toBe(true);
    const text = readFileSync(path('mine.yml'), 'utf8');
    for (const part of ['image: me/hello:latest', 'handler: src/hello', 'gateway: http://127.0.0.1:1', 'memory: 64Mi', 'cpu: 100m', 'memory: 32Mi', 'cpu: 50m']) expect(text).toContain(part);
    expectDone(await cli.run(['new', 'more', '--lang', 'bash', '--append', 'mine.yml'], { env: { OPENFAAS_PREFIX: 'you' } }));
    expect(readFileSync(path('mine.yml'), 'utf8')).toContain('image: you/more:latest');
  });

  it('lists the templates that come with it, and those of the project', async () => {
    write('template/mine/template.yml', 'language: mine\n');
    expect(expectDone(await shoal('new', '--list'))).toBe('Languages available as templates:\n- bash\n- dockerfile\n- go\n- mine\n- node\n- node-ts\n- python3\n');
  });

  it.each([
    [['new'], 2, /needs a name/],
    [['new', 'hello'], 2, /choose one: shoal new hello --lang .*node/],
    [['new', 'Hello_1', '--lang', 'bash'], 2, /must consist of a-z, 0-9 and -/],
    [['new', 'hello', '--lang', 'cobol'], 5, /there is no template "cobol"/],
    [['new', 'hello', '--lang', 'bash', '-f', 'x.json'], 2, /must end in \.yml or \.yaml/],
    [['new', 'hello', '--lang', 'bash', '-a', 'nowhere.yml'], 2, /nowhere\.yml does not exist/],
    [['new', 'hello', '--lang', 'bash', '--cpu-limit', 'much'], 2, /cpu/],
  ])('refuses %j, and makes nothing', async (args, code, message) => {
    const ended = await shoal(...args);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(message) });
    expect(readdirSync(cli.folder).filter((name) => name !== 'template')).toEqual([]);
  });

  it('refuses a name that is taken, by a folder or in the stack file, and changes nothing', async () => {
    write('hello/mine.txt', 'mine');
    expect(await shoal('new', 'hello', '--lang', 'bash')).toMatchObject({ code: 6, stderr: expect.stringContaining('the folder ./hello is there already') });
    expect(readdirSync(path('hello'))).toEqual(['mine.txt']);
    rmSync(path('hello'), { recursive: true });
    expectDone(await shoal('new', 'hello', '--lang', 'bash'));
    const before = readFileSync(path('stack.yaml'), 'utf8');
    expect(await shoal('new', 'hello', '--lang', 'bash', '--handler', './other')).toMatchObject({ code: 6 });
    expect([readFileSync(path('stack.yaml'), 'utf8'), existsSync(path('other'))]).toEqual([before, false]);
  });
});

describe('shoal up, on a gateway of this machine', () => {
  it('builds a bundle, deploys it, waits until it is ready, and updates it', async () => {
    expectDone(await shoal('new', 'hello', '--lang', 'bash'));
    write('hello/handler.sh', answering('one'));
    const first = expectDone(await shoal('up'));
    expect(first).toContain(`Deployed. 202 Accepted.\nURL: ${gateway.url}/function/hello\nReady: 1 of 1 replicas.\n`);
    expect(await call('hello')).toBe('one\n');
    write('hello/handler.sh', answering('two'));
    expect(expectDone(await shoal('up'))).toContain('It was there, and is updated.');
    expect(await call('hello')).toBe('two\n');
    expect((await deployed('hello'))!.image).toMatch(/build\/bundles\/hello-[0-9a-f]{12}$/);
  });

  it('deploys what the stack file and flags say', async () => {
    expectDone(await shoal('new', 'one', '--lang', 'bash'));
    expectDone(await shoal('new', 'two', '--lang', 'bash'));
    expectDone(await cli.run(['secret', 'create', 'key'], { input: 's3cr3t' }));
    write('env.yml', 'environment:\n  FROM_FILE: "1"\n');
    const file = readFileSync(path('stack.yaml'), 'utf8').replace(/( {4}lang: bash\n)/g, '$1    environment_file: [env.yml]\n    labels: { in: file }\n');
    write('stack.yaml', file);
    const flags = ['-e', 'A=b', '--label', 'a=b', '--annotation', 'c=d', '--secret', 'key', '--constraint', 'x == y', '--readonly', '--network', 'none', '--wait-timeout', '20s', '--parallel', '2'];
    expectDone(await shoal('up', '--filter', 'o*', ...flags));
    expect(await deployed('two')).toBeUndefined();
    expect(await deployed('one')).toMatchObject({
      envVars: { A: 'b', FROM_FILE: '1' },
      labels: { in: 'file', a: 'b' },
      annotations: { c: 'd' },
      secrets: ['key'],
      constraints: ['x == y'],
      readOnlyRootFilesystem: true,
    });
    expectDone(await shoal('up', '--regex', '^tw', '--no-wait', '--quiet'));
    expect(await deployed('two')).toBeDefined();
    expectDone(await shoal('remove'));
    expect(await functions()).toEqual([]);
    expectDone(await shoal('secret', 'remove', 'key'));
  });

  it('copies what the stack file and --copy-extra name beside the handler', async () => {
    expectDone(await shoal('new', 'hello', '--lang', 'bash'));
    write('hello/handler.sh', '#!/usr/bin/env bash\ncat "$(dirname "$0")/common/a" "$(dirname "$0")/b"\n');
    write('common/a', 'a');
    write('b', 'b');
    appendFileSync(path('stack.yaml'), 'configuration:\n  copy: [common]\n');
    expectDone(await shoal('up', '--copy-extra', 'b'));
    expect(await call('hello')).toBe('ab');
  });

  it('says in one go what failed of several, and deploys the others', async () => {
    for (const name of ['good', 'bad', 'worse']) expectDone(await shoal('new', name, '--lang', 'bash'));
    rmSync(path('bad/handler.sh'));
    rmSync(path('worse'), { recursive: true });
    const { code, stderr } = await shoal('up', '--parallel', '3');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/no handler\.sh[^]*2 of 3 functions failed: bad, worse/) });
    expect(await deployed('good')).toBeDefined();
  });

  it('tells why a function does not become ready, with its last words, and leaves what ran before', async () => {
    expectDone(await shoal('new', 'web', '--lang', 'node'));
    expectDone(await shoal('up'));
    const before = await call('web');
    write('web/handler.js', 'throw new Error("on purpose");\n');
    const { code, stderr } = await shoal('up', '--wait-timeout', '1s');
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringMatching(/web is not ready after 1 s: .*exited with code 1\n.*shoal describe web/) });
    expect(await call('web')).toBe(before);
  });

  it('is not done twice: --skip-deploy and --shrinkwrap deploy nothing', async () => {
    expectDone(await shoal('new', 'hello', '--lang', 'bash'));
    expect(expectDone(await shoal('up', '--shrinkwrap'))).toContain('hello shrink-wrapped to ./build/hello/');
    expect(existsSync(path('build/hello/Dockerfile'))).toBe(true);
    expect(await functions()).toEqual([]);
  });

  it('ends with 130 on Ctrl-C, and leaves no half bundle', async () => {
    write('template/slow/template.yml', 'bundle: { build: [sh, -c, "echo building; sleep 30"] }\n');
    write('template/slow/function.yml', 'command: cat\n');
    write('stack.yaml', `provider: { name: openfaas }\nfunctions:\n  slow: { lang: slow, handler: ./slow, image: slow }\n`);
    write('slow/x', '');
    const running = cli.start(['up']);
    await running.says(/building/);
    running.signal('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('Interrupted.') });
    expect(readdirSync(path('build/bundles'))).toEqual([]);
    expect(await functions()).toEqual([]);
  });
});

describe('shoal up --watch', () => {
  it.each([
    ['node', 'handler.js', (text: string) => `export default async () => '${text}';\n`],
    ['python3', 'handler.py', (text: string) => `def handle(event, context):\n    return '${text}'\n`],
    ['bash', 'handler.sh', (text: string) => `#!/usr/bin/env bash\nprintf ${text}\n`],
  ])('runs new code of %s at the next call after a save, and loses none meanwhile', async (lang, file, code) => {
    expectDone(await shoal('new', 'fn', '--lang', lang));
    write(`fn/${file}`, code('v0'));
    const watching = cli.start(['up', '--watch']);
    await watching.says(/Watching fn/);
    const seen = new Set<string>();
    let going = true;
    const callers = Array.from({ length: 2 }, async () => {
      while (going) {
        const answer = await fetch(`${gateway.url}/function/fn`, { method: 'POST' });
        const text = await answer.text();
        if (answer.status !== 200) throw new Error(`${answer.status}: ${text}`);
        seen.add(text);
      }
    });
    const edits = (async () => {
      for (const version of ['v1', 'v2', 'v3']) {
        write(`fn/${file}`, code(version));
        await gateway.until(() => seen.has(version));
      }
    })().finally(() => (going = false));
    await Promise.all([edits, ...callers]);
    expect([...seen]).toEqual(['v0', 'v1', 'v2', 'v3']);
    // One that the next save has overtaken need not be told of.
    await watching.says(/fn: the new version takes calls, \d+ ms after the change\./);
    watching.signal('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('Stopped watching; functions go on running.') });
  });

  it('shows what the function says when new code fails, goes on with the old one, and takes the next save at once', async () => {
    expectDone(await shoal('new', 'fn', '--lang', 'node'));
    write('fn/handler.js', `export default async () => 'good';\n`);
    const watching = cli.start(['up', '--watch']);
    await watching.says(/Watching fn/);
    write('fn/handler.js', 'export default async () => {\n');
    await watching.says(/fn does not become ready: .*\n[^]*SyntaxError[^]*what ran before goes on until the next save/);
    expect(await call('fn')).toBe('good');
    write('fn/handler.js', `export default async () => 'better';\n`);
    await gateway.until(async () => (await call('fn')) === 'better');
    rmSync(path('fn/handler.js'));
    await watching.says(/has no file of handler\.js/);
    write('fn/handler.js', `export default async () => process.env.SAYS ?? 'best';\n`);
    await gateway.until(async () => (await call('fn')) === 'best');
    write('stack.yaml', readFileSync(path('stack.yaml'), 'utf8').replace('    lang: node\n', '    lang: node\n    environment: { SAYS: from the stack file }\n'));
    await gateway.until(async () => (await call('fn')) === 'from the stack file');
    watching.signal('SIGINT');
    await watching.ended;
  });
});

describe('shoal deploy', () => {
  it('deploys a function that flags describe, in the modes of faas-cli', async () => {
    const image = ['--image', 'any', '--name', 'fn', '--fprocess'];
    const out = expectDone(await shoal('deploy', ...image, 'cat', '--wait'));
    expect(out).toBe(`Deploying: fn.\nDeployed. 202 Accepted.\nURL: ${gateway.url}/function/fn\nReady: 1 of 1 replicas.\n`);
    expect(expectDone(await shoal('deploy', ...image, 'rev'))).toContain('It was there, and is updated.');
    expect(await shoal('deploy', ...image, 'cat', '--update=false')).toMatchObject({ code: 6, stderr: expect.stringContaining('there is a function fn already') });
    expectDone(await shoal('deploy', ...image, 'cat', '--update=false', '--replace'));
    await gateway.until(async () => (await call('fn', 'ab')) === 'ab');
  });

  it('takes the bundle that was built last, and says how to make one when there is none', async () => {
    expectDone(await shoal('new', 'hello', '--lang', 'bash'));
    expect(await shoal('deploy')).toMatchObject({ code: 2, stderr: expect.stringContaining('shoal build --bundle') });
    write('hello/handler.sh', answering('built'));
    const built = expectDone(await shoal('build', '--bundle'));
    expectDone(await shoal('deploy', '--wait'));
    expect(built).toBe(`Bundle: ${(await deployed('hello'))!.image}\n`);
    expect(await call('hello')).toBe('built\n');
  });

  it('leaves functions alone that have a ready-made image, or are not to be built', async () => {
    write('stack.yml', 'provider: { name: openfaas }\nfunctions:\n  up: { image: up, fprocess: tr a-z A-Z }\n  skipped: { lang: bash, handler: ./x, skip_build: true, image: skipped, fprocess: cat }\n');
    expect((await shoal('build', '--bundle')).stderr).toMatch(/Skipping build of: up, which has no lang\.\nSkipping build of: skipped\.\n/);
    expectDone(await shoal('deploy', '--wait', '--tag', 'latest', '--read-template=false'));
    expect([await call('up', 'a'), await call('skipped', 'b')]).toEqual(['A', 'b']);
  });

  it('deploys an image that is named by its digest as it is', async () => {
    const image = `me/x@sha256:${'0'.repeat(64)}`;
    expectDone(await shoal('deploy', '--image', image, '--name', 'fn', '--fprocess', 'cat'));
    expect((await deployed('fn'))!.image).toBe(image);
  });

  it.each([
    [['deploy'], 2, /there is no stack\.yaml or stack\.yml in this folder\n.*shoal new/],
    [['deploy', '--name', 'Not_Good', '--image', 'x'], 2, /--name must consist of/],
    [['deploy', '--name', 'fn', '--image', 'x', '--fprocess', 'no-such-command'], 2, /there is no command no-such-command/],
    [['deploy', '--name', 'fn', '--image', 'x', '-e', 'A='], 2, /--env A= has no value/],
    [['deploy', '--fprocess', 'cat'], 2, /--fprocess is for a function that is in no stack file/],
    [['deploy', '-f', 'nowhere.yml'], 5, /nowhere\.yml/],
    [['deploy', '--name', 'fn', '--image', 'x', '--parallel', '0'], 2, /whole number from 1 to 64/],
    [['deploy', '--name', 'fn', '--image', 'x', '--timeout', 'soon'], 2, /must be a duration/],
    [['deploy', '--name', 'fn', '--image', 'x', '--secret', 'nowhere'], 2, /nowhere/],
  ])('refuses %j', async (args, code, message) => {
    const ended = await shoal(...args);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(message) });
    expect(await functions()).toEqual([]);
  });

  it('tells all that is wrong with a stack file, with file and line', async () => {
    write('stack.yml', 'provider:\n  name: openfaas\nfunctions:\n  a:\n    image: x\n    labels:\n      com.openfaas.scale.max: many\n  B_:\n    image: y\n');
    expect(await shoal('deploy')).toMatchObject({ code: 2, stderr: expect.stringMatching(/stack\.yml:7: [^]*stack\.yml:8: /) });
  });
});

describe('shoal remove', () => {
  it('removes by name, in any of its three spellings, and says what was not there', async () => {
    for (const name of ['one', 'two', 'three']) expectDone(await shoal('deploy', '--image', 'x', '--name', name, '--fprocess', 'cat'));
    expect(expectDone(await shoal('remove', 'one'))).toBe('Deleting: one\nRemoving old function.\n');
    expectDone(await shoal('rm', 'two'));
    expect(await shoal('delete', 'nowhere', 'three')).toMatchObject({ code: 5, stderr: expect.stringContaining('No existing function to remove: nowhere') });
    expect(await functions()).toEqual([]);
    expect(await shoal('remove', 'x', '--filter', '*')).toMatchObject({ code: 2 });
  });
});
