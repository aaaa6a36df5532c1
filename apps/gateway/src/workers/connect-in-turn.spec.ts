import type { ByteSocket } from '@shoal/adapters/http/sockets';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { connectInTurn } from './connect-in-turn';

/** Connections that are opened by hand. */
function setUp() {
  const clock = new FakeClock();
  const begun: { readonly limitMs: number; readonly settle: (error?: Error) => void }[] = [];
  const socket = {} as ByteSocket;
  const connect = connectInTurn(
    (limitMs) => new Promise((resolve, reject) => begun.push({ limitMs, settle: (error) => (error ? reject(error) : resolve(socket)) })),
    clock,
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, begun, connect, turn };
}

describe('connectInTurn()', () => {
  it('opens 32 connections at a time, and the next when one is open or has failed', async () => {
    const { begun, connect, turn } = setUp();
    const all = Array.from({ length: 40 }, connect);
    expect(begun).toHaveLength(32);
    begun[7]!.settle();
    await all[7];
    await turn();
    expect(begun).toHaveLength(33);
    begun[0]!.settle(new Error('refused'));
    await expect(all[0]).rejects.toThrow('refused');
    await turn();
    expect(begun).toHaveLength(34);
    for (let i = 0; i < 40; i++) {
      begun[i]!.settle();
      await turn();
    }
    expect(begun).toHaveLength(40);
    await Promise.all(all.slice(1));
    for (let i = 0; i < 33; i++) void connect();
    expect(begun).toHaveLength(72);
  });

  it('counts the wait for a turn as part of the limit', async () => {
    const { clock, begun, connect, turn } = setUp();
    const all = Array.from({ length: 34 }, connect);
    clock.advance(4_000);
    begun[0]!.settle();
    await turn();
    expect(begun[32]!.limitMs).toBe(6_000);
    clock.advance(6_000);
    begun[1]!.settle();
    await expect(all[33]).rejects.toThrow('no connection within 10000 ms');
    expect(begun).toHaveLength(33);
  });
});
