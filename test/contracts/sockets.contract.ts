import type { Listener, Sockets } from '@shoal/adapters/http/sockets';
import { RawClient } from './raw-client';
import { Told } from './told';

const MEGABYTE = 1024 * 1024;

/** What every `Sockets` does. */
export function describeSockets(name: string, create: () => Sockets): void {
  describe(`${name} as Sockets`, () => {
    const sockets = create();
    let listener: Listener;
    let accepted: Told[];
    let waiting: ((told: Told) => void)[];
    const clients: RawClient[] = [];

    beforeEach(async () => {
      accepted = [];
      waiting = [];
      listener = await sockets.listen(0, '127.0.0.1', (socket) => {
        const told = new Told(socket);
        const next = waiting.shift();
        if (next) next(told);
        else accepted.push(told);
        return told;
      });
    });

    afterEach(() => {
      listener.close();
      for (const client of clients.splice(0)) client.destroy();
    });

    const nextAccepted = () => (accepted.length > 0 ? Promise.resolve(accepted.shift()!) : new Promise<Told>((resolve) => waiting.push(resolve)));

    async function pair(): Promise<[RawClient, Told]> {
      const [client, told] = await Promise.all([RawClient.connect(listener.port), nextAccepted()]);
      clients.push(client);
      return [client, told];
    }

    it('passes every byte both ways, in texts of Latin-1 and in bytes', async () => {
      const [client, told] = await pair();
      const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      client.write(all);
      await told.hears('\xff');
      expect(told.text).toBe(all.toString('latin1'));
      told.socket.write(all.toString('latin1'));
      told.socket.write(all);
      await client.until(() => client.received.length >= 512, 'heard all');
      expect(client.received).toBe(all.toString('latin1').repeat(2));
    });

    it('knows who is at the other end', async () => {
      const [client, told] = await pair();
      const peer = { address: '127.0.0.1', port: client.localPort, secure: false };
      expect(told.socket.peer).toEqual(peer);
      told.socket.destroy();
      expect(told.socket.peer).toEqual(peer);
    });

    it('leaves the bytes that it told to whoever was told', async () => {
      const [client, told] = await pair();
      for (const letter of ['a', 'b', 'c']) {
        client.write(letter.repeat(1_000));
        await told.hears(letter.repeat(1_000));
      }
      expect(told.text).toBe('a'.repeat(1_000) + 'b'.repeat(1_000) + 'c'.repeat(1_000));
    });

    it('tells that the other side has ended its half, which can still be written to, and closes when both have', async () => {
      const [client, told] = await pair();
      client.write('question');
      client.end();
      await told.is('ended');
      expect(told.events).not.toContain('closed');
      told.socket.write('answer');
      told.socket.end();
      expect(await client.ends()).toBe('answer');
      await told.is('closed');
      expect(told.events.filter((event) => event === 'closed')).toHaveLength(1);
    });

    it('closes when the other side ends its half and nobody is there to be told', async () => {
      const [client, told] = await pair();
      let closed!: () => void;
      const isClosed = new Promise<void>((resolve) => (closed = resolve));
      told.socket.events = { data: () => undefined, drained: () => undefined, closed };
      client.end();
      await isClosed;
      await client.until(() => client.closed, 'closed');
    });

    it('ends its own half after all that was written, tells when that is out, and goes on hearing', async () => {
      const [client, told] = await pair();
      client.pause();
      const sent = Buffer.alloc(10 * MEGABYTE, 'x');
      told.socket.write(sent);
      told.socket.end();
      expect(told.events).toEqual([]);
      expect(told.socket.write('more')).toBe(true);
      client.resume();
      await told.is('drained');
      expect((await client.ends()).length).toBe(sent.byteLength);
      client.write('late');
      await told.hears('late');
      client.end();
      await told.is('closed');
    });

    it('asks to wait when the other side does not read, and tells when all is out', async () => {
      const [client, told] = await pair();
      client.pause();
      const piece = Buffer.alloc(MEGABYTE);
      let written = 0;
      for (let more = true; more && written < 64; written++) more = told.socket.write(piece);
      expect(written).toBeLessThan(64);
      expect(told.events).toEqual([]);
      client.resume();
      await told.is('drained');
      told.socket.write('|');
      expect((await client.hears('|')).length).toBe(written * MEGABYTE + 1);
    });

    it('hears nothing while paused, and loses nothing', async () => {
      const [client, told] = await pair();
      client.write('a');
      await told.hears('a');
      told.socket.pause();
      const sent = Buffer.alloc(20 * MEGABYTE, 'b');
      client.write(sent);
      const [other, otherTold] = await pair();
      other.write('x');
      await otherTold.hears('x');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(told.text.length).toBeLessThan(2 * MEGABYTE);
      told.socket.resume();
      await told.until(() => told.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0) === sent.byteLength + 1, 'all');
    });

    it('can be paused before anything has come', async () => {
      const [client, told] = await pair();
      told.socket.pause();
      client.write('a');
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(told.text).toBe('');
      told.socket.resume();
      await told.hears('a');
    });

    it('tells of a reset as of a closing', async () => {
      const [client, told] = await pair();
      client.write('a');
      await told.hears('a');
      client.reset();
      await told.is('closed');
    });

    it('notices by writing that the other side has closed both halves', async () => {
      const [client, told] = await pair();
      client.destroy();
      await told.is('ended');
      const timer = setInterval(() => told.socket.write('are you there?'), 10);
      await told.is('closed');
      clearInterval(timer);
    });

    it('destroys at once, telling it before it returns, and once', async () => {
      const [client, told] = await pair();
      told.socket.destroy();
      expect(told.events).toEqual(['closed']);
      told.socket.destroy();
      expect(told.socket.write('x')).toBe(true);
      told.socket.end();
      told.socket.pause();
      told.socket.resume();
      await client.ends();
      expect(told.events).toEqual(['closed']);
    });

    it('resets so that the other side sees no orderly end', async () => {
      const [client, told] = await pair();
      told.socket.reset();
      expect(told.events).toEqual(['closed']);
      await client.until(() => client.closed, 'closed');
      expect([client.ended, client.broken]).toEqual([false, true]);
    });

    it('closes when the other side takes nothing for as long as it may stall', async () => {
      const [client, told] = await pair();
      client.pause();
      told.socket.write(Buffer.alloc(20 * MEGABYTE));
      told.socket.limitStall(200);
      await told.is('closed');
    });

    it('does not close what stalls because there is nothing to take', async () => {
      const [client, told] = await pair();
      told.socket.limitStall(50);
      told.socket.write('a');
      await client.hears('a');
      await new Promise((resolve) => setTimeout(resolve, 200));
      told.socket.write('b');
      await client.hears('b');
    });

    it('connects to what listens', async () => {
      const [socket, told] = await Promise.all([sockets.connect('127.0.0.1', listener.port, 1_000), nextAccepted()]);
      const mine = new Told(socket);
      socket.events = mine;
      socket.write('ping');
      await told.hears('ping');
      told.socket.write('pong');
      await mine.hears('pong');
      told.socket.end();
      await mine.is('ended');
      mine.socket.end();
      await told.is('closed');
    });

    it('says by its code why it cannot connect', async () => {
      listener.close();
      await expect(sockets.connect('127.0.0.1', listener.port, 1_000)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      // TEST-NET-1: nobody is there. Machines without a route say so at once.
      await expect(sockets.connect('192.0.2.1', 81, 50)).rejects.toMatchObject({ code: expect.stringMatching(/^(ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED)$/) });
    });

    it('says by its code why it cannot listen', async () => {
      await expect(sockets.listen(listener.port, '127.0.0.1', (socket) => new Told(socket))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    });

    it('listens on all addresses when none is named', async () => {
      const all = await sockets.listen(0, undefined, (socket) => new Told(socket));
      clients.push(await RawClient.connect(all.port));
      all.close();
    });

    it('takes no more connections once closed, and goes on with those that it has', async () => {
      const [client, told] = await pair();
      listener.close();
      await expect(RawClient.connect(listener.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      client.write('a');
      await told.hears('a');
      told.socket.write('b');
      await client.hears('b');
    });
  });
}
