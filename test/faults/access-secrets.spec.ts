import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, open } from '../e2e/ask';
import { Cli } from '../e2e/cli-process';
import { GatewayProcess } from '../e2e/gateway-process';
import { webBundle } from '../e2e/web-bundle';
import { listeningPorts, processTree, procFile } from '../processes';
import { faultRow } from './fault-table';
import { basic, rawRequest } from './raw-request';

jest.setTimeout(120_000);

const PASSWORD = 'marker~password/7f3a+9c==';
const FIRST_VALUE = 'marker~first value/51d2+aa==';
const SECOND_VALUE = 'marker~second value/8e0b+cc==';
/** Was refused; it is a secret all the same. */
const REFUSED_VALUE = 'marker~refused value/17aa+dd==';
/** In the gateway's environment, where an operator may have anything. */
const ENVIRONMENT = 'marker~environment/66ee';

/** The forms in which a text could stand somewhere. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  // Within longer base64 it depends on where it begins; the ends differ, the middle does not.
  const within = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '').slice(shift === 0 ? 0 : 4, -2));
  return [secret, encodeURIComponent(secret), encodeURI(secret), JSON.stringify(secret).slice(1, -1), bytes.toString('hex'), secret.replaceAll('+', ' '), ...within, ...within.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** Places that hold one of the secrets. */
function leaks(places: ReadonlyMap<string, string>, secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => formsOf(secret).map((form) => [secret, form] as const));
  return [...places].flatMap(([place, text]) => forms.filter(([, form]) => text.includes(form)).map(([secret, form]) => `${place} has ${secret} as ${form}`));
}

/** Tells all that it can find out: its environment, the files of its secrets, and what the gateway answers it. */
const SPY = `async (req, res) => {
  const { readdirSync, readFileSync } = await import('node:fs');
  const query = new URL(req.url, 'http://x').searchParams;
  const get = async (url, init) => { try { const a = await fetch(url, init); return [a.status, (await a.text()).slice(0, 200)]; } catch (error) { return [0, String(error.cause ?? error)]; } };
  const secrets = readdirSync(process.env.SHOAL_SECRETS).map((name) => [name, readFileSync(process.env.SHOAL_SECRETS + '/' + name, 'utf8')]);
  const answers = await Promise.all((query.get('ask') ?? '').split(',').filter(Boolean).map((url) => get(url)));
  res.end(JSON.stringify({ env: process.env, argv: process.argv, cwd: process.cwd(), secrets, answers, headers: req.headers }));
}`;

interface Told {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly (readonly [string, string])[];
  readonly answers: readonly (readonly [number, string])[];
}

describe.each([['on one process', '1'], ['through workers', '2']])('what is secret, %s', (title, workers) => {
  let gateway: GatewayProcess;
  let cli: Cli;
  const mounted = mkdtempSync(join(tmpdir(), 'shoal-access-'));
  const spy = webBundle({ '/spy': SPY, '/fail': '(req, res) => process.exit(3)' });
  const right = { Authorization: basic(`owner:${PASSWORD}`).slice('Authorization: '.length) };
  /** Everything that was to be seen anywhere, by where. */
  const places = new Map<string, string>();
  const send = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = right) => {
    const answer = await ask(gateway.url, method, path, { body, headers });
    places.set(`${places.size}: ${method} ${path}`, `${JSON.stringify(answer.headers)}${answer.text}`);
    return answer;
  };
  const shoal = async (args: readonly string[], input = '') => {
    const ended = await cli.run([...args], { input, cwd: cli.folder });
    places.set(`${places.size}: shoal ${args.join(' ')}`, ended.stdout + ended.stderr);
    return ended;
  };

  beforeAll(async () => {
    writeFileSync(join(mounted, 'basic-auth-user'), 'owner');
    writeFileSync(join(mounted, 'basic-auth-password'), PASSWORD);
    cli = new Cli();
    // The worst that an operator may have: a folder for everybody, and a umask that takes nothing away.
    const home = mkdtempSync(join(tmpdir(), 'shoal-e2e-'));
    mkdirSync(join(home, 'data'), { mode: 0o755 });
    const umask = process.umask(0);
    try {
      gateway = await GatewayProcess.start({ basic_auth: 'true', secret_mount_path: mounted, SHOAL_WORKERS: workers, SOMEBODYS_TOKEN: ENVIRONMENT }, join(home, 'data'));
    } finally {
      process.umask(umask);
    }
  });
  afterAll(async () => {
    await gateway.dispose();
    cli.dispose();
    for (const folder of [mounted, spy, join(gateway.home, '..')]) rmSync(folder, { recursive: true, force: true });
  });

  it('reaches the function that it is for, new when it is new', async () => {
    expect((await send('POST', '/system/secrets', { name: 'key', value: FIRST_VALUE })).status).toBe(201);
    expect((await send('POST', '/system/functions', { service: 'spy', image: spy, secrets: ['key'] })).status).toBe(202);
    expect((await send('POST', '/system/functions', { service: 'other', image: spy })).status).toBe(202);
    await gateway.until(async () => (await ask(gateway.url, 'GET', '/function/spy/spy')).status === 200);
    const told = async (name: string) => JSON.parse((await ask(gateway.url, 'GET', `/function/${name}/spy`, { headers: right })).text) as Told;
    expect((await told('spy')).secrets).toEqual([['key', FIRST_VALUE]]);
    expect((await send('PUT', '/system/secrets', { name: 'key', value: SECOND_VALUE })).status).toBe(202);
    expect((await told('spy')).secrets).toEqual([['key', SECOND_VALUE]]);
    expect((await told('other')).secrets).toEqual([]);
  });

  it('is in no environment of a function, and functions are asked for the password like everybody', async () => {
    const processes = processTree(gateway.pid);
    const host = processes.find(({ command }) => command.includes('-host'))!;
    const ports = processes.flatMap(({ pid }) => listeningPorts(pid));
    expect(ports.length).toBeGreaterThan(2);
    const [hostPort] = listeningPorts(host.pid);
    const paths = ['/system/functions', '/system/secrets', '/system/info', '/openapi.json', '/ui/session'];
    const targets = [
      ...paths.map((path) => `${gateway.url}${path}`),
      ...paths.map((path) => `http://localhost:${gateway.port}${path}`),
      ...paths.map((path) => `${new URL(gateway.metricsUrl).origin}${path}`),
      // The function host, by who does not know its token.
      ...['/', '/logs?key=spy.openfaas-fn', `/${'0'.repeat(32)}/logs?key=spy.openfaas-fn`, `/${'0'.repeat(32)}/r1/`, '/r1/spy'].map((path) => `http://127.0.0.1:${hostPort}${path}`),
    ];
    const { text } = await ask(gateway.url, 'GET', `/function/other/spy?ask=${encodeURIComponent(targets.join(','))}`);
    const { env, answers } = JSON.parse(text) as Told;
    expect(answers.map(([status], i) => `${status} ${targets[i]}`)).toEqual(targets.map((target) => `${target.startsWith(gateway.url) || target.includes(`localhost:${gateway.port}`) ? 401 : 404} ${target}`));
    places.set('the environment that a function sees', JSON.stringify(env));
    expect(leaks(new Map([['environment', JSON.stringify(env)]]), [ENVIRONMENT])).toEqual([]);
    const own = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'OPENFAAS_NAME', 'OPENFAAS_NAMESPACE', 'SHOAL_SECRETS', 'SHOAL_HOST', 'SHOAL_PROCESS', 'PORT', 'mode', 'http_port'];
    expect(Object.keys(env).filter((name) => !own.includes(name))).toEqual([]);
    // What it is told of us is no key to anything.
    for (const value of [env['SHOAL_HOST']!, env['SHOAL_PROCESS']!]) {
      for (const lines of [[basic(`owner:${value}`)], [`X-Shoal-Session: ${value}`, `Cookie: shoal_session=${value}`]]) expect((await rawRequest(gateway.url, { method: 'GET', target: '/system/info', lines, from: `127.70.0.${Math.ceil(Math.random() * 250)}` })).status).toBe(401);
      expect((await rawRequest(`http://127.0.0.1:${hostPort}`, { method: 'GET', target: `/${value}/r1/spy` })).status).toBe(404);
    }
  });

  it('stands in nothing that anybody can see, whatever goes wrong', async () => {
    // What is refused.
    await send('POST', '/system/secrets', { name: 'key', value: REFUSED_VALUE });
    await send('POST', '/system/secrets', { name: '../key', value: REFUSED_VALUE });
    await send('POST', '/system/secrets', { name: ['key'], value: REFUSED_VALUE });
    await send('POST', '/system/secrets', { name: 'other', value: [REFUSED_VALUE], rawValue: { x: REFUSED_VALUE } });
    await send('POST', '/system/secrets', { name: 'other', value: REFUSED_VALUE, rawValue: `${REFUSED_VALUE}!` });
    await send('PUT', '/system/secrets', { name: 'nobody', value: REFUSED_VALUE });
    await send('PUT', '/system/secrets', { name: 'key', value: REFUSED_VALUE.padEnd(2 * 1024 * 1024) });
    await send('POST', '/system/secrets', `{"name": "key", "value": "${REFUSED_VALUE}"`);
    await send('DELETE', '/system/secrets', { name: 'key', value: REFUSED_VALUE });
    await send('POST', '/system/secrets', { name: 'key', value: SECOND_VALUE });
    await send('POST', '/ui/session', { user: 'owner', password: [PASSWORD] });
    await send('POST', '/ui/session', { user: PASSWORD.padEnd(2_000), password: PASSWORD });
    await send('POST', '/ui/session', `{"user":"owner","password":"${PASSWORD}"`);
    await send('GET', '/system/nothing', undefined);
    await send('GET', '/system/logs?name=nobody&since=x', undefined);
    // A browser signs in.
    const signedIn = await ask(gateway.url, 'POST', '/ui/session', { body: { user: 'owner', password: PASSWORD } });
    const [id, token] = [/=([\w-]{43})/.exec(signedIn.headers['set-cookie']![0]!)![1]!, (JSON.parse(signedIn.text) as { token: string }).token];
    const session = { Cookie: `shoal_session=${id}`, 'X-Shoal-Session': token };
    for (const path of ['/ui/session', '/system/functions', '/openapi.json', '/system/info']) await send('GET', path, undefined, session);
    // Functions are called, fail and are gone.
    await ask(gateway.url, 'GET', '/function/spy/fail', { headers: { ...right, ...session } });
    await send('GET', '/function/nobody', undefined, { ...right, ...session });
    const accepted = await ask(gateway.url, 'POST', '/async-function/spy/quiet', { body: 'x', headers: { 'X-Callback-Url': 'http://127.0.0.1:1/' } });
    for (const path of [`/async-function/calls/${accepted.headers['x-call-id'] as string}?wait=5s`, '/system/queue', '/system/queue/dead', '/system/functions', '/system/function/spy', '/system/function/spy/statistics', '/system/function/spy/scaling', '/system/logs?name=spy', '/system/secrets', '/system/namespaces', '/system/namespace/openfaas-fn', '/system/info', '/openapi.json', '/ui/', '/docs', '/healthz']) await send('GET', path);
    const stream = await open(gateway.url, 'GET', '/system/events', { headers: right });
    let events = '';
    for await (const chunk of stream.setEncoding('utf8')) if ((events += chunk as string).includes('event: platform')) break;
    places.set('events', events);
    places.set('metrics', await (await fetch(gateway.metricsUrl)).text());

    // The command line, as talkative as it can be.
    const at = ['--gateway', gateway.url];
    expect((await shoal(['login', ...at, '-u', 'owner', '-s'], PASSWORD)).code).toBe(0);
    expect((await shoal(['secret', 'create', 'by-cli', ...at], FIRST_VALUE)).code).toBe(0);
    writeFileSync(join(cli.folder, 'stack.yml'), `version: 1.0\nprovider:\n  name: openfaas\n  gateway: ${gateway.url}\nfunctions:\n  spy:\n    image: ${spy}\n    secrets: [key]\n`);
    for (const args of [['list', '--verbose'], ['describe', 'spy', '--verbose'], ['secret', 'list'], ['secret', 'create', 'by-cli'], ['secret', 'update', 'nobody'], ['deploy', '--yaml', 'stack.yml'], ['logs', 'spy', '--tail=false'], ['queue', 'list'], ['scaling', 'spy'], ['doctor'], ['ready', 'spy']]) await shoal([...args, ...at], args[1] === 'create' || args[1] === 'update' ? REFUSED_VALUE : '');
    for (const args of [['generate'], ['generate', '--api=serving.knative.dev/v1'], ['generate', '--api=swarm'], ['version']]) await shoal([...args, '--yaml', 'stack.yml']);
    const login = join(cli.folder, '.shoal');
    expect([statSync(login).mode & 0o77, statSync(join(login, 'config.yml')).mode & 0o77]).toEqual([0, 0]);

    const processes = processTree(gateway.pid);
    expect(processes.length).toBeGreaterThan(2);
    for (const { pid, command } of processes) {
      places.set(`the command line of ${pid}`, command);
      places.set(`the environment of ${command}`, procFile(pid, 'environ'));
    }
    places.set('what the gateway has written', gateway.output);
    await gateway.stop('SIGTERM');
    places.set('what the gateway has written at its end', gateway.output);

    expect(places.size).toBeGreaterThan(60);
    expect(leaks(places, [PASSWORD, FIRST_VALUE, SECOND_VALUE, REFUSED_VALUE, `owner:${PASSWORD}`, id, token])).toEqual([]);
    // The search finds what is there.
    expect(leaks(new Map([['x', `Basic ${Buffer.from(`owner:${PASSWORD}`).toString('base64')}`]]), [PASSWORD])).not.toEqual([]);
    expect(leaks(new Map([...places].filter(([place]) => place.includes('environment of'))), [ENVIRONMENT])).not.toEqual([]);
    faultRow({ area: 'access', done: `password, session and secrets searched for in answers, errors, logs, metrics, events, processes and the CLI's output, ${title}`, times: `${places.size} places, in all encodings`, lost: 'nothing', seen: 'nothing' });
  });

  it('lies in files that nobody else can read, and in no other', () => {
    const entries = readdirSync(gateway.home, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(4);
    const open = entries.filter((entry) => !entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name)).filter((path) => (statSync(path).mode & 0o77) !== 0);
    expect(open.map((path) => path.slice(gateway.home.length))).toEqual([]);
    const contents = new Map(files.filter((file) => !file.endsWith('.secret')).map((file) => [file, readFileSync(file, 'latin1')]));
    expect(leaks(contents, [PASSWORD, FIRST_VALUE, SECOND_VALUE, REFUSED_VALUE])).toEqual([]);
    expect(readFileSync(join(gateway.home, 'secrets/openfaas-fn/key.secret'), 'utf8')).toBe(SECOND_VALUE);
  });
});
