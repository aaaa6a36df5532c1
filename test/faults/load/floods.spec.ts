import { connect, type Socket } from 'node:net';
import { request } from 'node:http';
import { ask, open } from '../../e2e/ask';
import { GatewayProcess } from '../../e2e/gateway-process';
import { faultRow, howMany } from '../fault-table';
import { beside, type Beside } from './beside';
import { deployLoadFunction } from './load-function';
import { offerLoad } from './offer-load';

const MIB = 1024 * 1024;
const MANY = 5_000;
const READERS = howMany({ short: 200, long: 500 });
const SENDERS = howMany({ short: 50, long: 200 });
const STREAMS = 64;
const HOLD_MS = 1_500;
/** Of all processes of the gateway, for one caller that takes or gives no more: what is read ahead of it on each side, and room of the runtime's. */
const MB_EACH = 1;
/** What the runtime has not cleared away yet, whoever calls. */
const MB_MORE = 150;
/** Promised are 250 ms; a processor that others use too is late by more. */
const LATE_MS = howMany({ short: 2_000, long: 500 });
const PATHS = ['/healthz', '/system/functions', '/function/quiet'];

jest.setTimeout(120_000);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const told = ({ looks, memoryMb }: Beside<unknown>) => `${Object.entries(looks).map(([path, { maxMs }]) => `${path} within ${maxMs} ms`).join(', ')}; ${memoryMb} MB more`;

describe('floods', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    await deployLoadFunction(gateway, 'quiet');
    await deployLoadFunction(gateway, 'flooded');
  });
  afterAll(() => gateway.dispose());

  function expectServed({ looks, memoryMb }: Beside<unknown>, mostMb: number, callsLateMs = LATE_MS): void {
    const failed = Object.entries(looks).filter(([path, { wrong, maxMs }]) => wrong.length > 0 || maxMs > (path.startsWith('/function/') ? callsLateMs : LATE_MS));
    expect(failed).toEqual([]);
    expect(memoryMb).toBeLessThan(mostMb);
  }

  function connected(count: number): Promise<Socket[]> {
    return Promise.all(Array.from({ length: count }, () => new Promise<Socket>((resolve, reject) => {
      const socket = connect(gateway.port, '127.0.0.1', () => resolve(socket)).on('error', reject);
    })));
  }

  it('of 5,000 connections at once each gets its answer', async () => {
    const all = await beside(gateway, PATHS, () => offerLoad(gateway.port, { path: '/function/flooded', connections: MANY, rate: 2 * MANY, seconds: 0.5, graceMs: 30_000 }));
    const { sent, statuses, broken, withoutRetryAfter, unanswered } = all.result;
    expect({ broken, withoutRetryAfter, unanswered }).toEqual({ broken: {}, withoutRetryAfter: 0, unanswered: 0 });
    expect(Object.keys(statuses).filter((status) => status !== '200' && status !== '429')).toEqual([]);
    expectServed(all, MB_MORE + 0.05 * MANY);
    faultRow({ area: 'load', done: 'calls by 5,000 connections at once', times: `${sent} calls`, lost: 'nothing', seen: `${JSON.stringify(statuses)}; ${told(all)}` });
  });

  it('answers that nobody takes wait in the network, not in memory', async () => {
    const sockets = await connected(READERS);
    const all = await beside(gateway, PATHS, async () => {
      for (const socket of sockets) socket.pause().write(`GET /function/flooded?bytes=${10 * MIB} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await pause(HOLD_MS);
    });
    for (const socket of sockets) socket.destroy();
    // Until what the systems between hold is full, the functions' host moves gigabytes.
    expectServed(all, MB_MORE + MB_EACH * READERS, 5_000);
    expect((await ask(gateway.url, 'GET', '/function/flooded?ms=1')).status).toBe(200);
    faultRow({ area: 'load', done: 'readers of answers of 10 MiB that take nothing', times: `${READERS} readers, ${HOLD_MS / 1_000} s`, lost: 'nothing', seen: told(all) });
  });

  it('bodies that the function does not read wait in the network, not in memory', async () => {
    const piece = Buffer.alloc(MIB, 98);
    const sockets = await connected(SENDERS);
    const all = await beside(gateway, PATHS, async () => {
      for (const socket of sockets) {
        socket.write(`POST /function/flooded?unread=${10 * HOLD_MS} HTTP/1.1\r\nHost: x\r\nContent-Length: ${100 * MIB}\r\n\r\n`);
        const more = () => void (!socket.destroyed && socket.write(piece) && setImmediate(more));
        socket.on('drain', more);
        more();
      }
      await pause(HOLD_MS);
    });
    const sentMb = sockets.reduce((sum, { bytesWritten, writableLength }) => sum + bytesWritten - writableLength, 0) / MIB;
    for (const socket of sockets) socket.destroy();
    expectServed(all, MB_MORE + MB_EACH * SENDERS);
    faultRow({ area: 'load', done: 'bodies of 100 MiB at once for a function that does not read them', times: `${SENDERS} senders, ${HOLD_MS / 1_000} s`, lost: 'nothing', seen: `${Math.round(sentMb / SENDERS * 10) / 10} MiB taken of each, most of it by the systems between; ${told(all)}` });
  });

  it('watchers that read nothing cost little, and one more is refused', async () => {
    const headers = gateway.authorization();
    const streams = await Promise.all(Array.from({ length: STREAMS }, () => open(gateway.url, 'GET', '/system/events', { headers })));
    for (const stream of streams) stream.pause().on('error', () => undefined);
    const all = await beside(gateway, PATHS, async () => {
      const { status, headers: answered } = await ask(gateway.url, 'GET', '/system/events', { headers });
      expect({ status, again: Number(answered['retry-after']) > 0 }).toEqual({ status: 429, again: true });
      await offerLoad(gateway.port, { path: '/function/flooded', connections: 8, seconds: HOLD_MS / 1_000 });
    });
    for (const stream of streams) stream.destroy();
    expectServed(all, MB_MORE + MB_EACH * STREAMS);
    await gateway.until(async () => {
      const stream = await open(gateway.url, 'GET', '/system/events', { headers });
      stream.destroy();
      return stream.statusCode === 200;
    });
    faultRow({ area: 'load', done: 'streams of events that nobody reads', times: `${STREAMS} streams and one more`, lost: 'nothing', seen: `the one more is refused; ${told(all)}` });
  });

  it('wrong passwords from many addresses hold up nobody', async () => {
    const statuses: Record<string, number> = {};
    const all = await beside(gateway, PATHS, async () => {
      const untilMs = Date.now() + HOLD_MS;
      await Promise.all(
        Array.from({ length: 64 }, async (_, i) => {
          while (Date.now() < untilMs) {
            const status = await signInWrongly(gateway, `127.0.1.${1 + (i % 16)}`);
            statuses[status] = (statuses[status] ?? 0) + 1;
          }
        }),
      );
    });
    expect(Object.keys(statuses).filter((status) => status !== '401' && status !== '429')).toEqual([]);
    expectServed(all, MB_MORE + 100);
    faultRow({ area: 'load', done: 'wrong passwords by 64 callers from 16 addresses', times: `${HOLD_MS / 1_000} s, ${Object.values(statuses).reduce((sum, count) => sum + count, 0)} attempts`, lost: 'nothing', seen: `${JSON.stringify(statuses)}; ${told(all)}` });
  });
});

function signInWrongly({ port }: GatewayProcess, localAddress: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ user: 'admin', password: `wrong-${Math.random()}` });
    const req = request({ host: '127.0.0.1', port, localAddress, method: 'POST', path: '/ui/session', agent: false, headers: { 'Content-Length': body.length } }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode!));
    });
    req.on('error', reject).end(body);
  });
}
