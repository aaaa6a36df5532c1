import { readFileSync } from 'node:fs';
import { RawClient } from '../contracts/raw-client';
import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { childrenOf, ownMemoryBytes } from '../processes';
import { faultRow, howMany } from './fault-table';
import { echoIn, RawUpstream } from './raw-upstream';
import { headerOf, strictAnswers } from './strict-answers';

const WANTED = howMany({ short: 2_000, long: 10_000 });
/** Of a process here. */
const OPEN_FILES = Number(/Max open files +\d+ +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
/** A gateway takes no more connections than it has files for, one for each and one for its call; and some are for others. */
const FOR_OTHERS = 50;
/** How many are opened at a time: a listener has room for 511 that wait. */
const AT_A_TIME = 200;
/** What one may cost the processes that hold it. */
const ALLOWED_BYTES = 24 * 1024;
/** Calls before it is measured what a gateway takes: by then the runtime has what it works with. */
const WARM_UP = 500;
const READ_TIMEOUT = '1s';
/** By then everything that took too long is over: the limit, the steps in which it is looked for, and a slow machine. */
const OVER_MS = 15_000;

jest.setTimeout(300_000);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each([1, 2])('a gateway of %i process(es)', (workers) => {
  const env = { SHOAL_WORKERS: String(workers) };
  const connections = Math.min(WANTED, workers * (OPEN_FILES / 2 - FOR_OTHERS));
  const clients: RawClient[] = [];
  let gateway: GatewayProcess;
  let upstream: RawUpstream;

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await gateway.dispose();
    upstream.stop();
  });

  async function start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    gateway = await GatewayProcess.start({ ...env, ...more });
    upstream = await RawUpstream.start();
    await upstream.deploy(gateway, 'fn');
  }

  async function open(said: string): Promise<RawClient> {
    const client = await RawClient.connect(gateway.port);
    client.write(said);
    clients.push(client);
    return client;
  }

  /** Opens that many, and waits until the gateway has read what they say. */
  async function openMany(count: number, said: (i: number) => string): Promise<readonly RawClient[]> {
    const opened: RawClient[] = [];
    while (opened.length < count) opened.push(...(await Promise.all(Array.from({ length: Math.min(AT_A_TIME, count - opened.length) }, (_, i) => open(said(opened.length + i))))));
    return opened;
  }

  const call = async () => {
    const { status, headers } = await ask(gateway.url, 'GET', '/function/fn/call');
    expect([status, headers['x-echo'] !== undefined]).toEqual([200, true]);
  };

  it(`answers while ${connections} connections say nothing, and keeps little for each`, async () => {
    // Longer than it may take until all of them are there.
    await start({ read_timeout: '10m' });
    const pids = [gateway.pid, ...childrenOf(gateway.pid)];
    const resident = () => pids.reduce((sum, pid) => sum + ownMemoryBytes(pid), 0);
    for (let i = 0; i < WARM_UP; i++) await call();
    const before = resident();
    // Some have been answered once, and say nothing since then.
    const idle = await openMany(connections, (i) => (i % 20 === 0 ? 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' : ''));
    for (const client of idle.filter((_, i) => i % 20 === 0)) await client.hears('200 OK');
    const each = Math.max(0, resident() - before) / connections;
    for (let i = 0; i < 50; i++) await call();
    expect((await ask(gateway.url, 'GET', '/system/functions')).status).toBe(200);
    expect(idle.filter(({ ended, broken }) => ended || broken).length).toBe(0);
    expect(each).toBeLessThan(ALLOWED_BYTES);
    // They all can still be used.
    for (const client of idle.slice(0, 20)) {
      client.write('GET /function/fn/late HTTP/1.1\r\nHost: x\r\n\r\n');
      await client.hears('X-Echo');
    }
    faultRow({ area: 'protocol', done: `connections that say nothing; ${workers} process(es)`, times: `${connections} connections`, lost: 'nothing', seen: `calls and the API answered as before; ${(each / 1024).toFixed(1)} KiB for each connection` });
  });

  it('cuts off who is slow to ask, and nobody else', async () => {
    await start({ read_timeout: READ_TIMEOUT });
    const HEAD = 'POST /function/fn HTTP/1.1\r\nHost: x\r\n';
    const slow: readonly (readonly [title: string, said: string, drip: string])[] = [
      ['a head', 'GET /function/fn HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'],
      ['a head, byte for byte', 'GET /function/fn HTTP/1.1\r\nHost: x\r\nX-A: ', 'b'],
      ['a first line', 'GET /function/fn', 'a'],
      ['a body', `${HEAD}Content-Length: 1000\r\n\r\n`, 'b'],
      ['chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'],
      ['a chunk size', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '0'],
      ['trailers', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n`, 'X-A: b\r\n'],
      ['a body for the queue', 'POST /async-function/fn HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n', 'b'],
      ['a body for the API', 'POST /system/functions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n', ' '],
      ['a body that it was to wait with', `${HEAD}Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n`, 'b'],
      ['the second of two requests', 'GET /function/fn HTTP/1.1\r\nHost: x\r\n\r\nGET /function/fn HTTP/1.1\r\nHost: ', 'x'],
      ['a function in a header', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n', ' '],
    ];
    const callers = await Promise.all(slow.map(async ([title, said, drip]) => ({ title, drip, client: await open(said) })));
    // Who says nothing at all, and who has only been answered before: the first is cut off without a word, the second kept.
    const silent = await open('');
    const idle = await open('GET /function/fn HTTP/1.1\r\nHost: x\r\n\r\n');
    const over = ({ ended, broken }: RawClient) => ended || broken;
    const deadline = Date.now() + OVER_MS;
    while (Date.now() < deadline && !callers.every(({ client }) => over(client))) {
      for (const { client, drip } of callers) if (!over(client)) client.write(drip);
      await call();
      await sleep(100);
    }
    for (const { title, client } of callers) {
      const last = strictAnswers(client.received).answers.at(-1);
      expect({ title, over: over(client), last: last && [last.status, headerOf(last, 'x-shoal-error')] }).toEqual({ title, over: true, last: [408, 'read-timeout'] });
    }
    await silent.ends();
    expect(silent.received).toBe('');
    expect(over(idle)).toBe(false);
    faultRow({ area: 'protocol', done: `heads, bodies, chunks and trailers that come byte by byte; read_timeout=${READ_TIMEOUT}; ${workers} process(es)`, times: `${slow.length} callers, each in another part of a request`, lost: 'nothing', seen: '408 with X-Shoal-Error: read-timeout; others were answered meanwhile' });
  });

  it('notices callers that are half gone, and lets their calls go', async () => {
    await start();
    upstream.play = () => ({}); // Never answers.
    const waiting = await Promise.all(Array.from({ length: 30 }, () => open('GET /function/fn/wait HTTP/1.1\r\nHost: x\r\n\r\n')));
    await gateway.until(() => upstream.requests.length === 0 && upstream.sides.length >= waiting.length);
    for (const [i, client] of waiting.entries()) [() => client.reset(), () => client.destroy(), () => client.end()][i % 3]!();
    const stays = waiting.filter((_, i) => i % 3 === 2);
    await gateway.until(() => upstream.sides.filter(({ ended, closed }) => !ended && !closed).length === stays.length);
    for (const client of stays) client.destroy();
    await gateway.until(() => upstream.sides.every(({ ended, closed }) => ended || closed));
    const { text } = await ask(gateway.url, 'GET', '/system/function/fn');
    expect(JSON.parse(text)).toMatchObject({ availableReplicas: 1 });
    faultRow({ area: 'protocol', done: `callers that reset, close or end their half of a connection while their call runs; ${workers} process(es)`, times: `${waiting.length} calls`, lost: 'nothing', seen: 'who left is noticed, and the call at the function ends; who only ended its half is waited for' });
  });

  it('answers requests sent ahead in turn, however many, and in any pieces', async () => {
    await start();
    const COUNT = howMany({ short: 300, long: 20_000 });
    const requests = Array.from({ length: COUNT }, (_, i) => {
      if (i % 5 === 3) return 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
      if (i % 5 === 4) return 'GET /function/nobody HTTP/1.1\r\nHost: x\r\n\r\n';
      return i % 2 === 0 ? `GET /function/fn/${i} HTTP/1.1\r\nHost: x\r\n\r\n` : `POST /function/fn/${i} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`;
    });
    const client = await open(requests.join(''));
    client.end();
    await client.until(() => client.ended || client.closed, 'answered all', 60_000);
    const { answers, doubt } = strictAnswers(client.received);
    expect(doubt).toBeUndefined();
    const told = answers.map((answer) => echoIn(answer)?.target ?? answer.status);
    expect(told).toEqual(requests.map((_, i) => (i % 5 === 3 ? 200 : i % 5 === 4 ? 404 : `/${i}`)));
    faultRow({ area: 'protocol', done: `requests sent at once on one connection, to a function, to nobody and to the API in turn; ${workers} process(es)`, times: `${COUNT} requests`, lost: 'nothing', seen: 'each was answered, in turn' });
  });
});
