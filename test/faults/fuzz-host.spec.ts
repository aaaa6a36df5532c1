import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromHost } from '@shoal/adapters/local/host-protocol';
import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { converse } from './fuzz/converse';
import { Random } from './random';
import { strictAnswers } from './strict-answers';

const REQUESTS = howMany({ short: 500, long: 20_000 });
/** Processes of each kind that are in disorder, one after the other. */
const GARBLED = howMany({ short: 2, long: 8 });
const CALLS = 50;
const TRACE = /^\s+at .+:\d+:\d+\)?$|unhandled|uncaught|TypeError/im;

jest.setTimeout(60_000 + REQUESTS * 10 + GARBLED * 40_000);

const folder = mkdtempSync(join(tmpdir(), 'shoal-garbled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a function host or a data-plane worker that says what nobody understands takes the gateway nowhere', async () => {
  const notes = join(folder, 'notes');
  mkdirSync(notes);
  const gateway = await GatewayProcess.start({
    SHOAL_WORKERS: '2',
    NODE_OPTIONS: `--require ${join(__dirname, 'fuzz/garbled-child.cjs')}`,
    SHOAL_GARBLED: notes,
    SHOAL_GARBLED_TIMES: String(GARBLED),
    SHOAL_GARBLED_SEED: String(faultSeed),
  });
  try {
    const said = (text: string) => gateway.output.split('\n').filter((line) => line.includes(text)).length;
    const limitMs = 20_000 + GARBLED * 10_000;
    await gateway.until(() => said('says what nobody understands: it is ended') >= GARBLED, limitMs);
    expect(said('says what nobody understands: it is ended')).toBe(GARBLED);
    await gateway.until(() => said('says what nobody understands: that is passed over') >= 1, limitMs);
    expect(said('says what nobody understands: that is passed over')).toBe(1);
    // Those that took their places, and the host that went on.
    await gateway.until(async () => (await ask(gateway.url, 'GET', '/healthz').catch(() => ({ status: 0 }))).status === 200, limitMs);
    await gateway.deploy('cat', { envProcess: 'cat' });
    await gateway.until(async () => (await ask(gateway.url, 'POST', '/function/cat', { body: 'x' }).catch(() => ({ status: 0 }))).status === 200, limitMs);
    for (let i = 0; i < CALLS; i++) expect(await ask(gateway.url, 'POST', '/function/cat', { body: `body ${i}` })).toMatchObject({ status: 200, text: `body ${i}` });
    expect(TRACE.exec(gateway.output)).toBeNull();
    expect(readdirSync(notes).filter((name) => name.startsWith('worker'))).toHaveLength(GARBLED);
    faultRow({ area: 'fuzzing', done: `a function host and data-plane workers that say what nobody understands (seed ${faultSeed})`, times: `500 messages of a host, ${GARBLED} workers`, lost: 'calls of the workers that were ended', seen: 'told once each; the workers were replaced, the host went on' });
  } finally {
    await gateway.dispose();
  }
});

it(`a function host answers ${REQUESTS} requests of strangers with nothing`, async () => {
  const host = fork(join(__dirname, '../../dist/watchdog/main.cjs'), ['-host'], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  let output = '';
  for (const stream of [host.stdout!, host.stderr!]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((resolve) => host.once('exit', () => resolve()));
  const endsInstead = ended.then(() => Promise.reject(new Error(`the host ended: ${output}`)));
  endsInstead.catch(() => undefined); // Also after all that waits for it.
  try {
    const listening = new Promise<Extract<FromHost, { type: 'listening' }>>((resolve) => host.on('message', (message: FromHost) => message.type === 'listening' && resolve(message)));
    const { port, token } = await Promise.race([listening, endsInstead]);
    const ready = new Promise<string>((resolve) => host.on('message', (message: FromHost) => message.type === 'state' && message.ready.length > 0 && resolve(message.ready[0]!.id)));
    host.send({ type: 'put', key: 'cat.openfaas-fn', generation: 1, env: { PATH: process.env['PATH']!, fprocess: 'cat' }, cwd: folder, replicas: 1 });
    const id = await Promise.race([ready, endsInstead]);
    const sound = await ask(`http://127.0.0.1:${port}`, 'POST', `/${token}/${id}/`, { body: 'mine' });
    expect(sound).toMatchObject({ status: 200, text: 'mine' });
    const statuses = new Map<number, number>();
    for (let i = 0; i < REQUESTS; i++) {
      const random = new Random(faultSeed * 1_000_003 + i);
      const flipped = token.replace(/./, (digit) => (digit === '0' ? '1' : '0'));
      const wrong = random.pick([flipped, token.slice(1), token.toUpperCase() === token ? flipped : token.toUpperCase(), `${token.slice(0, -1)}x`, `${token}0`, random.text(32, '0123456789abcdef'), '', '%'.repeat(32), 'é'.repeat(16), `./${token}`, `/${token}`, `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`]);
      const known = random.chance(0.2);
      const name = known ? random.pick(['', 'logs', 'logs', 'r0', '__proto__', '..', `${id}x`, '%2e', 'r1%00']) : random.pick([id, id, 'logs']);
      const rest = random.pick(['/', '', '//[', '/?key=cat.openfaas-fn&tail=x', '/?tail=-1&sinceMs=NaN&key=cat.openfaas-fn&follow=no', `/${random.text(20, '/.%?#ab')}`, '/?key=__proto__', '/\\']);
      const target = `/${known ? token : wrong}/${name}${rest}`;
      const method = random.pick(['GET', 'POST', 'PUT', 'DELETE', 'FOO']);
      const bytes = Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody`);
      const { answers: [answer], doubt, isCut } = strictAnswers((await converse({ port, bytes, random })).toString('latin1'), { methods: [method] });
      if (doubt !== undefined && !isCut) throw new Error(`SHOAL_FAULT_SEED=${faultSeed}, request ${i}: ${doubt}`);
      const isLog = known && name === 'logs';
      if (answer && ![400, 404].includes(answer.status) && !(isLog && answer.status === 200)) throw new Error(`SHOAL_FAULT_SEED=${faultSeed}, request ${i}: ${answer.status} to ${target}`);
      if (answer) statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
    expect(await ask(`http://127.0.0.1:${port}`, 'POST', `/${token}/${id}/`, { body: 'mine' })).toMatchObject({ status: 200, text: 'mine' });
    // Most get an answer, and the log is there for who knows the token: the refusals mean something.
    expect(statuses.get(404) ?? 0).toBeGreaterThan(REQUESTS / 4);
    expect(statuses.get(200) ?? 0).toBeGreaterThan(0);
    expect(TRACE.exec(output)).toBeNull();
    faultRow({ area: 'fuzzing', done: `requests to the function host with wrong tokens, unknown replicas and garbage (seed ${faultSeed})`, times: `${REQUESTS} requests`, lost: 'nothing', seen: [...statuses].map(([one, times]) => `${times}× ${one}`).join(', ') });
  } finally {
    if (host.connected) host.disconnect();
    await ended;
  }
});
