import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, type Answer } from '../e2e/ask';
import type { GatewayProcess } from '../e2e/gateway-process';

/**
 * Answers with what it was sent and the digest of its secret; with the status that the query says; and when that says `hold`,
 * not before there is a file `open` beside it.
 */
const KEEPER = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
const secret = () => createHash('sha256').update(readFileSync(process.env.SHOAL_SECRETS + '/token')).digest('hex');
createServer((req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    const query = new URL(req.url, 'http://x').searchParams;
    const end = () => res.writeHead(Number(query.get('status') ?? 200)).end(JSON.stringify({ body: Buffer.concat(chunks).toString(), secret: secret() }));
    const look = () => (query.has('hold') && !existsSync('open') ? setTimeout(look, 20) : end());
    look();
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** No text, and with bytes that no text has. */
export const TOKEN = Buffer.from(Array.from({ length: 300 }, (_, i) => i % 256));
export const TOKEN_DIGEST = createHash('sha256').update(TOKEN).digest('hex');
const BODY = { grüße: 'ü', n: 1 };
const NEVER_SOON = { 'com.openfaas.retry.min_wait': '2h', 'com.openfaas.retry.max_wait': '2h', 'com.openfaas.retry.deadline': '500h' };

/** Ids of calls, by what became of them. */
export interface FilledCalls {
  readonly succeeded: string;
  readonly dead: string;
  readonly retrying: string;
  /** Taken from the queue, and held by the function. */
  readonly running: string;
  readonly waiting: readonly string[];
  /** Of the key `the same`. */
  readonly once: string;
}

export const send = (gateway: GatewayProcess, method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  ask(gateway.url, method, path, { headers: { ...gateway.authorization(), ...headers }, ...(body === undefined ? {} : { body }) });

/** As JSON; throws what is no 200. */
export async function get<T = Record<string, unknown>>(gateway: GatewayProcess, path: string): Promise<T> {
  const { status, text } = await send(gateway, 'GET', path);
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

export const stateOf = async (gateway: GatewayProcess, id: string): Promise<string> => {
  const { status, text } = await send(gateway, 'GET', `/async-function/calls/${id}`);
  return status === 200 ? (JSON.parse(text) as { state: string }).state : `unknown (${status})`;
};

/** The bundle that runs `keeper`, in `folder`. */
export function writeKeeper(folder: string): void {
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, 'function.yml'), 'command: [node, lib/server.mjs]\nmode: http\n');
  writeFileSync(join(folder, 'lib/server.mjs'), KEEPER, { mode: 0o644 });
}

/** Lets go what `keeper` holds. */
export const openKeeper = (bundle: string): void => writeFileSync(join(bundle, 'open'), '');

/** Puts one of everything into a gateway that is new. @param keeper the image of its bundle. */
export async function fill(gateway: GatewayProcess, keeper: string): Promise<FilledCalls> {
  const done = async (method: string, path: string, body: unknown) => {
    const { status, text } = await send(gateway, method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  };
  await done('POST', '/system/namespace', { name: 'staging', labels: { openfaas: '1' }, annotations: { team: 'a' } });
  for (const namespace of ['openfaas-fn', 'staging']) await done('POST', '/system/secrets', { name: 'token', namespace, rawValue: TOKEN.toString('base64') });
  await gateway.deploy('cat', { envProcess: 'cat', labels: { 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '2', own: 'label' }, annotations: { schedule: '0 0 1 1 *', note: 'ü' }, envVars: { A: 'b' } });
  await done('POST', '/system/functions', { service: 'cat', image: 'cat', namespace: 'staging', envProcess: 'cat', secrets: ['token'] });
  const one = { image: keeper, secrets: ['token'] };
  await gateway.deploy('keeper', { ...one, annotations: { 'com.openfaas.async.concurrency': '1' } });
  await gateway.deploy('again', { ...one, annotations: NEVER_SOON });
  await gateway.deploy('broken', { ...one, annotations: { 'com.openfaas.retry.attempts': '0' } });

  const call = async (path: string, headers?: Readonly<Record<string, string>>) => {
    const { status, text, headers: answered } = await send(gateway, 'POST', `/async-function/${path}`, BODY, headers);
    if (status !== 202) throw new Error(`${path}: ${status} ${text}`);
    return answered['x-call-id'] as string;
  };
  const until = async (id: string, state: string) => {
    await gateway.until(async () => (await stateOf(gateway, id)) === state);
    return id;
  };
  const succeeded = await until(await call('keeper?a=1'), 'succeeded');
  const once = await until(await call('keeper?once', { 'Idempotency-Key': 'the same' }), 'succeeded');
  const dead = await until(await call('broken?status=500'), 'failed');
  const retrying = await until(await call('again?status=500'), 'retrying');
  const running = await until(await call('keeper?hold&first'), 'running');
  const waiting = [];
  for (let i = 0; i < 5; i++) waiting.push(await call(`keeper?hold&n=${i}`));
  return { succeeded, dead, retrying, running, waiting, once };
}

/** All that a gateway tells of what it was given, but for what changes by itself. */
export async function inventory(gateway: GatewayProcess, { dead, succeeded, once }: FilledCalls) {
  const functions = async (namespace: string) =>
    (await get<Record<string, unknown>[]>(gateway, `/system/functions?namespace=${namespace}`)).map(({ name, namespace: own, image, envProcess, envVars, labels, annotations, secrets, replicas, createdAt }) => ({
      name, own, image, envProcess, envVars, labels, annotations, secrets, replicas, createdAt,
    })); // prettier-ignore
  // How long it took was once told with more digits.
  const told = async (path: string) => {
    const call = await get<{ outcome?: object }>(gateway, path);
    return { ...call, outcome: { ...call.outcome, durationMs: undefined } };
  };
  return {
    namespaces: await get(gateway, '/system/namespaces'),
    staging: await get(gateway, '/system/namespace/staging'),
    functions: [...(await functions('openfaas-fn')), ...(await functions('staging'))],
    secrets: [await get(gateway, '/system/secrets?namespace=openfaas-fn'), await get(gateway, '/system/secrets?namespace=staging')],
    ended: await Promise.all([succeeded, once].map(async (id) => [await told(`/async-function/calls/${id}`), (await send(gateway, 'GET', `/async-function/calls/${id}/result`)).text])),
    letter: await told(`/system/queue/dead/${dead}`),
  };
}

/**
 * Whether calls of `fill` go on in another gateway, or a later one: what waited runs, what is dead can be sent again, what
 * was sent once stays one, and the function has its secret.
 *
 * @param bundle of `keeper`, to let go what it holds. @param keys whether an `Idempotency-Key` leads to the same id as it did.
 */
export async function expectCallsToGoOn(gateway: GatewayProcess, calls: FilledCalls, bundle: string, { keys = true } = {}): Promise<void> {
  expect(existsSync(join(bundle, 'open'))).toBe(false);
  expect(JSON.parse((await send(gateway, 'POST', '/function/keeper', 'x')).text)).toEqual({ body: 'x', secret: TOKEN_DIGEST });
  for (const id of calls.waiting) expect(['queued', 'running', 'retrying']).toContain(await stateOf(gateway, id));
  openKeeper(bundle);
  for (const id of [calls.running, ...calls.waiting]) {
    await gateway.until(async () => (await stateOf(gateway, id)) === 'succeeded');
    expect(JSON.parse((await send(gateway, 'GET', `/async-function/calls/${id}/result`)).text)).toEqual({ body: JSON.stringify(BODY), secret: TOKEN_DIGEST });
  }
  const again = await send(gateway, 'POST', '/async-function/keeper?once', BODY, { 'Idempotency-Key': 'the same' });
  if (keys) expect(again.headers['x-call-id']).toBe(calls.once);
  expect((await get(gateway, `/async-function/calls/${calls.once}`))['attempts']).toBe(1);
  expect((await send(gateway, 'POST', `/system/queue/dead/${calls.dead}/redrive`)).status).toBeLessThan(300);
  await gateway.until(async () => (await stateOf(gateway, calls.dead)) === 'failed');
}
