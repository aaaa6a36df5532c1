import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { webBundle } from '../e2e/web-bundle';
import { childrenOf, ownMemoryBytes } from '../processes';
import { faultRow, faultSeed, howMany } from './fault-table';
import { converse } from './fuzz/converse';
import { fuzzRequest, SMUGGLED_NONCE, type FuzzRequest } from './fuzz/requests';
import { Random } from './random';
import { headerOf, strictAnswers, type SeenAnswer } from './strict-answers';

const REQUESTS = howMany({ short: 3_000, long: 100_000 });
const CONNECTIONS = 16;
const MAX_PIPELINED = 6;
/** What a process may have grown by from the end of the first quarter on. */
const GROWTH_BYTES = 64 * 1024 * 1024;
/** Of requests that can or cannot be read; 501 and 505 are refusals of what the caller asked for. */
const ALLOWED: ReadonlySet<number> = new Set([200, 202, 301, 302, 304, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 414, 415, 416, 417, 426, 431, 501, 505]);
const TRACE = /^\s+at .+:\d+:\d+\)?$|unhandled|uncaught|^\w*Error: /im;

jest.setTimeout(60_000 + REQUESTS * 10);

interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly nonce?: string;
  readonly bytes: number;
}

const bundle = webBundle({});
const ECHO = `
import { createServer } from 'node:http';
createServer({ maxHeaderSize: 1 << 20 }, (req, res) => {
  let bytes = 0;
  req.on('data', (chunk) => (bytes += chunk.length)).on('end', () => {
    res.setHeader('X-Echo', Buffer.from(JSON.stringify({ method: req.method, url: req.url.slice(0, 300), nonce: req.headers['x-nonce']?.slice(0, 50), bytes })).toString('base64'));
    res.end('echo');
  });
}).listen(process.env.PORT, '127.0.0.1');
`;

/** The gateway and its data-plane workers. */
const processes = ({ pid }: GatewayProcess): readonly number[] => [pid, ...childrenOf(pid, 'data-plane-worker')];

/** Of digits that no small change turns into those of another one. */
const nonceOf = (connection: number, request: number) => createHash('sha256').update(`${connection} ${request}`).digest('hex').slice(0, 20);

/** As many requests as go on one connection: broken ones only as the last. */
function conversation(random: Random, index: number): FuzzRequest[] {
  const requests: FuzzRequest[] = [];
  do requests.push(fuzzRequest(random, nonceOf(index, requests.length)));
  while (requests.at(-1)!.sound && requests.length < MAX_PIPELINED && random.chance(0.8));
  return requests;
}

/** @param others nonces of all that was sent so far, on any connection. */
function check(requests: readonly FuzzRequest[], responses: readonly SeenAnswer[], others: ReadonlySet<string>): void {
  const own = new Set(requests.map(({ nonce }) => nonce));
  responses.forEach((response, i) => {
    const { status } = response;
    if (!ALLOWED.has(status)) throw new Error(`answered ${status}: ${response.body.slice(0, 500)}`);
    const text = headerOf(response, 'x-echo');
    const echoed = text === undefined ? undefined : (JSON.parse(Buffer.from(text, 'base64').toString()) as Echoed);
    if (echoed?.nonce === SMUGGLED_NONCE && requests.every(({ sound }) => sound)) throw new Error('a body became a call');
    if (echoed?.nonce !== undefined && others.has(echoed.nonce) && !own.has(echoed.nonce)) throw new Error('the answer of another connection');
    const request = requests[i];
    if (!request?.echoed) return;
    const { method, rest, bodyBytes } = request.echoed;
    expect({ status, ...echoed }).toEqual({ status: 200, method, url: rest, nonce: request.nonce, bytes: bodyBytes });
  });
}

/** @throws when what came is not answers alone, or, where they must be, not whole ones */
function readAnswers(received: Buffer, methods: readonly string[], { goesOn = false, whole = false }): readonly SeenAnswer[] {
  const { answers, doubt, isCut } = strictAnswers(received.toString('latin1'), { methods, goesOn });
  if (doubt !== undefined && (whole || !isCut)) throw new Error(doubt);
  return answers;
}

describe.each([1, 2])('a gateway with SHOAL_WORKERS=%d', (workers) => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    writeFileSync(join(bundle, 'server.mjs'), ECHO);
    gateway = await GatewayProcess.start({ SHOAL_WORKERS: String(workers), read_timeout: '5s' });
    await gateway.deploy('echo', { image: bundle });
  });
  afterAll(() => gateway.dispose());

  it(`answers ${REQUESTS} requests, sound and broken, as it should and stays what it was`, async () => {
    const statuses = new Map<number, number>();
    const nonces = new Set<string>();
    let [sent, index] = [0, 0];
    let early: readonly number[] | undefined;
    const talk = async () => {
      while (sent < REQUESTS) {
        const number = index++;
        const random = new Random(faultSeed * 1_000_003 + number);
        const requests = conversation(random, number);
        sent += requests.length;
        for (const { nonce } of requests) nonces.add(nonce);
        const bytes = Buffer.concat(requests.map((request) => request.bytes));
        const methods = requests.map(({ method }) => method);
        const sound = requests.at(-1)!.sound;
        const leave = random.chance(0.03);
        try {
          const isWhole = (received: Buffer) => readAnswers(received, methods, { goesOn: true }).length >= requests.length;
          const received = await converse({ port: gateway.port, bytes, random, leave, ...(sound ? { isWhole } : {}) });
          const responses = readAnswers(received, methods, { whole: sound && !leave });
          check(requests, responses, nonces);
          if (sound && !leave && responses.length !== requests.length) throw new Error(`${responses.length} answers to ${requests.length} requests`);
          for (const { status } of responses) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        } catch (error) {
          throw new Error(`SHOAL_FAULT_SEED=${faultSeed}, connection ${number}: ${(error as Error).message}\nsent:\n${JSON.stringify(bytes.toString('latin1').slice(0, 3_000))}`, { cause: error });
        }
        if (sent > REQUESTS / 4) early ??= processes(gateway).map(ownMemoryBytes);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, talk));
    const { status } = await ask(gateway.url, 'POST', '/function/echo', { body: 'x' });
    expect(status).toBe(200);
    const late = processes(gateway).map(ownMemoryBytes);
    expect(late.length).toBe(early!.length);
    const growth = late.map((bytes, i) => bytes - early![i]!);
    expect(Math.max(...growth)).toBeLessThan(GROWTH_BYTES);
    expect(TRACE.exec(gateway.output)?.[0]).toBeUndefined();
    expect(gateway.output).not.toContain('has ended');
    const told = [...statuses].sort(([a], [b]) => a - b).map(([one, times]) => `${times}× ${one}`).join(', ');
    faultRow({
      area: 'fuzzing',
      done: `requests of every kind, sound and broken, pipelined and cut at random, to a gateway with SHOAL_WORKERS=${workers} (seed ${faultSeed})`,
      times: `${sent} requests on ${index} connections`,
      lost: 'nothing',
      seen: `${told}; memory of the processes grew by ${growth.map((bytes) => Math.round(bytes / 1024 / 1024)).join(' and ')} MB after the first quarter`,
    });
  });
});

afterAll(() => rmSync(bundle, { recursive: true, force: true }));
