import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, howMany } from './fault-table';
import { basic, inParallel, rawRequest } from './raw-request';

/** Is in files that no path may lead to. */
const MARKER = 'marker-of-a-file-outside';
const CLIMBS = ['..', '../outside', '../../outside', '/etc/passwd', './outside', 'x/../../outside', '..\\outside', '%2e%2e%2foutside', '..%2foutside', '..;/outside', '....//outside', 'outside\0', 'outside\0.json', '~/outside', '$HOME/outside', '`id`', '.', '', ' ', 'a/b', 'a\\b', 'CON', 'x'.repeat(5_000), '\u2025/outside', '\uff0e\uff0e/outside', 'x\n', '-rf', '.hidden', '../admin.json', '../secrets/openfaas-fn/key.secret'];

/** Everything below a folder, with what is in it. */
function snapshot(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map((entry) => join(entry.parentPath, entry.name)).map((file) => [file.slice(folder.length), readFileSync(file, 'latin1')]));
}

describe.each([['on one process', '1'], ['through workers', '2']].slice(0, howMany({ short: 1, long: 2 })))('names and paths, %s', (title, workers) => {
  const parent = mkdtempSync(join(tmpdir(), 'shoal-paths-'));
  const outside = join(parent, 'outside');
  let gateway: GatewayProcess;
  let right: string;
  let requests = 0;
  const send = async (method: string, target: string, body?: unknown) => {
    requests++;
    return rawRequest(gateway.url, { method, target, lines: [right], ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  };

  beforeAll(async () => {
    mkdirSync(join(parent, 'home'), { mode: 0o700 });
    mkdirSync(outside);
    for (const name of ['outside.json', 'outside.secret', 'function.yml', 'secret', '.secret']) writeFileSync(join(outside, name), `command: [echo, ${MARKER}]\n`);
    writeFileSync(join(parent, 'outside.secret'), MARKER);
    writeFileSync(join(parent, 'function.yml'), `command: [echo, ${MARKER}]\n`);
    gateway = await GatewayProcess.start({ basic_auth: 'true', SHOAL_WORKERS: workers }, join(parent, 'home'));
    right = basic(`admin:${gateway.password}`);
    await gateway.deploy('fn', { envProcess: 'cat' });
    expect((await send('POST', '/system/secrets', { name: 'key', value: 'v' })).status).toBe(201);
  });
  afterAll(async () => {
    await gateway.dispose();
    rmSync(parent, { recursive: true });
  });

  it('that climb are refused, wherever a name is taken, and nothing comes of them', async () => {
    const before = { outside: snapshot(outside), key: readFileSync(join(gateway.home, 'secrets/openfaas-fn/key.secret'), 'utf8') };
    const seen: string[] = [];
    const expectRefused = async (method: string, target: string, body?: unknown) => {
      const { status, body: answer } = await send(method, target, body);
      if (status < 400 || status >= 500 || answer.includes(MARKER)) seen.push(`${method} ${target} ${JSON.stringify(body)?.slice(0, 200) ?? ''}: ${status} ${answer.slice(0, 100)}`);
    };
    await inParallel(CLIMBS, 4, async (name) => {
      const inUrl = encodeURIComponent(name);
      await expectRefused('POST', '/system/functions', { service: name, image: 'x', envProcess: 'cat' });
      await expectRefused('PUT', '/system/functions', { service: name, image: 'x', envProcess: 'cat' });
      await expectRefused('DELETE', '/system/functions', { functionName: name });
      await expectRefused('POST', '/system/secrets', { name, value: 'v' });
      await expectRefused('PUT', '/system/secrets', { name, value: 'v' });
      await expectRefused('DELETE', '/system/secrets', { name });
      // One that is empty is none: the default, or the list itself.
      if (name === '') return;
      await expectRefused('POST', '/system/functions', { service: 'fn2', image: 'x', envProcess: 'cat', namespace: name });
      await expectRefused('POST', '/system/functions', { service: 'fn2', image: 'x', envProcess: 'cat', secrets: [name] });
      await expectRefused('POST', '/system/secrets', { name: 'x', value: 'v', namespace: name });
      await expectRefused('POST', '/system/namespace', { name, labels: { openfaas: '1' } });
      await expectRefused('GET', `/system/functions?namespace=${inUrl}`);
      await expectRefused('GET', `/system/secrets?namespace=${inUrl}`);
      await expectRefused('GET', `/system/logs?name=${inUrl}`);
      await expectRefused('GET', `/system/logs?name=fn&namespace=${inUrl}`);
      await expectRefused('GET', `/system/function/fn?namespace=${inUrl}`);
      if (name === '.' || name === '..' || name.trim() === '') return;
      await expectRefused('GET', `/system/function/${inUrl}`);
      await expectRefused('POST', `/system/scale-function/${inUrl}`, { replicas: 1 });
      await expectRefused('DELETE', `/system/namespace/${inUrl}`);
      await expectRefused('GET', `/function/${inUrl}`);
      await expectRefused('POST', `/async-function/${inUrl}`, {});
      await expectRefused('GET', `/async-function/calls/${inUrl}`);
    });
    expect(seen).toEqual([]);
    expect({ outside: snapshot(outside), key: readFileSync(join(gateway.home, 'secrets/openfaas-fn/key.secret'), 'utf8') }).toEqual(before);
    expect(readdirSync(parent).sort()).toEqual(['function.yml', 'home', 'outside', 'outside.secret']);
    expect(readdirSync(join(gateway.home, 'functions/openfaas-fn'))).toEqual(['fn.json']);
    expect(gateway.output).not.toMatch(/ENOENT|EISDIR|TypeError|failed:/);
    faultRow({ area: 'access', done: `names that climb out of a folder, in every place that takes one, ${title}`, times: `${requests} requests, ${CLIMBS.length} names`, lost: 'nothing', seen: '4xx' });
  });

  it('of another instance lead to no log, and a query to no other function', async () => {
    // Its complaint has the marker in it.
    await gateway.deploy('other', { envProcess: `ls /${MARKER}` });
    const ownLog = async () => (await send('GET', '/system/logs?name=other')).body;
    await gateway.until(async () => (await send('POST', '/function/other')).status >= 500 && (await ownLog()).includes(MARKER));
    const { instance: own } = JSON.parse((await ownLog()).split('\n')[0]!) as { instance: string };
    expect((await send('GET', `/system/logs?name=other&instance=${own}`)).body).toContain(MARKER);
    for (const instance of ['../outside', '*', '.*', '', '%00', "' or 1=1 --", own]) expect((await send('GET', `/system/logs?name=fn&instance=${encodeURIComponent(instance)}`)).body).not.toContain(MARKER);
    for (const name of ['*', '.*', 'fn*', 'fn,other', 'fn&name=other']) expect((await send('GET', `/system/logs?name=${encodeURIComponent(name)}`)).body).not.toContain(MARKER);
  });

  it('of an image lead to bundles by name only in folders of bundles', async () => {
    for (const image of ['../outside', '../../outside', './outside', 'x/../../outside', '..', 'outside/../../outside', '..%2foutside', '~/outside', 'file:///etc', `.${outside}`]) {
      const { status } = await send('POST', '/system/functions', { service: 'climber', image });
      expect({ image, status }).toEqual({ image, status: 400 });
    }
    // What is no bundle tells nothing of what it is.
    for (const image of ['/etc', '/etc/passwd', '/dev', '/proc/self', '/root', '/nowhere']) {
      const { status, body } = await send('POST', '/system/functions', { service: 'climber', image });
      expect({ image, status }).toEqual({ image, status: 400 });
      expect(body).not.toMatch(/root:|daemon/);
    }
    // A bundle whose file is something else: a pipe or a device has no end.
    for (const target of ['/etc/shadow', '/dev/zero', '/proc/self/environ', '/nowhere']) {
      const folder = mkdtempSync(join(parent, 'home', 'bundle-'));
      symlinkSync(target, join(folder, 'function.yml'));
      const { status, body } = await send('POST', '/system/functions', { service: 'climber', image: folder });
      expect({ target, status }).toEqual({ target, status: 400 });
      expect(body).not.toMatch(/root:|PATH=/);
    }
  });

  it('of static files lead to no other', async () => {
    const climbs = ['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..%5c', '..\\', '%252e%252e%252f', '..%c0%af', '..%00/', '.%2e/', '//', '/etc/', 'assets/../', 'assets/..%2f', 'C:%5c', '%00', '%0a', '....//', '..;/'];
    const goals = ['package.json', 'main.cjs', 'gateway/main.cjs', 'etc/passwd', '../../../../etc/passwd', '..%2f..%2f..%2f..%2fetc%2fpasswd', 'index.html.map', '.built-from', 'swagger-ui.js', 'index.html%00.svg'];
    const seen: string[] = [];
    const targets = ['/ui/', '/ui/assets/', '/docs/'].flatMap((base) => climbs.flatMap((climb) => goals.map((goal) => `${base}${climb}${goal}`)));
    await inParallel(targets, 4, async (target) => {
      const { status, headers, body } = await send('GET', target);
      const location = headers['location'] ?? '';
      if (new URL(location, gateway.url).host !== new URL(gateway.url).host || /\/\.\.?(\/|$)|\\/.test(location)) seen.push(`${target}: to ${location}`);
      if (status < 400 && location === '') seen.push(`${target}: ${status} to nowhere`);
      if ((status < 300 || status >= 500) || /root:x:|"version":|createRequire/.test(body)) seen.push(`${target}: ${status} ${body.slice(0, 60)}`);
    });
    expect(seen).toEqual([]);
    faultRow({ area: 'access', done: `paths of static files that lead elsewhere, ${title}`, times: `${targets.length} paths`, lost: 'nothing', seen: '3xx to a clean path, or 4xx' });
  });
});
