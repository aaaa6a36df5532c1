import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Told } from '../../../../test/contracts/told';
import { connectInProcess, createInProcessServer } from './in-process-connection';

const PEER = { address: '2001:db8::1', port: 4711, secure: true };
const PIECE = Buffer.alloc(16 * 1024, 'x');
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

describe('connectInProcess()', () => {
  /** Our end of a connection to a server that does `handle`. */
  function connect(handle: RequestListener): Told {
    const socket = connectInProcess(createInProcessServer(handle), PEER);
    return (socket.events = new Told(socket));
  }

  /** The same, and what the server makes of the first request. */
  async function asked(request: string): Promise<[Told, IncomingMessage, ServerResponse]> {
    let told!: Told;
    const [req, res] = await new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
      told = connect((...both) => resolve(both));
      told.socket.write(request);
    });
    return [told, req, res];
  }

  it('asks a server that listens nowhere, request after request, which sees the peer', async () => {
    const told = connect((req, res) => {
      const { remoteAddress, remotePort, remoteFamily } = req.socket;
      const { encrypted } = req.socket as unknown as { encrypted: boolean };
      res.end(JSON.stringify([remoteAddress, remotePort, remoteFamily, encrypted, req.url]));
    });
    told.socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
    await told.hears('["2001:db8::1",4711,"IPv6",true,"/a"]');
    told.socket.write(Buffer.from('GET /b HTTP/1.1\r\nHost: x\r\n\r\n'));
    await told.hears('"/b"]');
    expect(told.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    told.socket.destroy();
  });

  it('passes every byte both ways', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const told = connect((req, res) => {
      res.writeHead(200, { 'Content-Length': 512 });
      req.pipe(res);
    });
    told.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 512\r\n\r\n');
    told.socket.write(all.toString('latin1'));
    told.socket.write(new Uint8Array(all));
    await told.hears(all.toString('latin1').repeat(2));
  });

  it('tells nothing within a call', () => {
    const told = connect((_req, res) => res.end('answer'));
    told.socket.write(GET);
    expect(told.text).toBe('');
    return told.hears('answer');
  });

  it('takes a head as long as callers may send, and all of its headers', async () => {
    const [told, req] = await asked(`GET / HTTP/1.1\r\nHost: x\r\n${`a: ${'b'.repeat(100)}\r\n`.repeat(10_000)}\r\n`);
    expect(req.rawHeaders).toHaveLength(20_002);
    told.socket.destroy();
  });

  it('streams an answer as fast as it is taken, in bounded memory', async () => {
    const [told, , res] = await asked(GET);
    await turns(2);
    told.socket.pause();
    let written = 0;
    for (let more = true; more && written < 100; written++) more = res.write(PIECE);
    expect(written).toBeLessThan(10);
    await turns(20);
    expect(told.text.length).toBeLessThan(PIECE.byteLength);
    const drained = new Promise((resolve) => res.once('drain', resolve));
    told.socket.resume();
    await drained;
    res.end('|');
    await told.hears('|');
    expect(told.text.match(/x/g)).toHaveLength(written * PIECE.byteLength);
  });

  it('streams a body as fast as it is read, in bounded memory', async () => {
    const [told, req, res] = await asked('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n');
    let left = 4_194_304 / PIECE.byteLength;
    const send = () => {
      for (let more = true; more && left > 0; left--) more = told.socket.write(PIECE);
    };
    send();
    await turns(20);
    expect(4_194_304 - left * PIECE.byteLength).toBeLessThan(512 * 1024);
    expect(told.events).not.toContain('drained');
    told.drained = send;
    let read = 0;
    req.on('data', (chunk: Buffer) => (read += chunk.byteLength));
    req.on('end', () => res.end(`read ${read}`));
    await told.hears('read 4194304');
  });

  it('tells that what was written before its end has been taken, and that the server ends, too', async () => {
    const told = connect((_req, res) => res.end('answer'));
    told.socket.write(GET);
    await told.hears('answer');
    told.socket.end();
    expect(told.socket.write('more')).toBe(true);
    await told.is('closed');
    expect(told.events).toEqual(['drained', 'ended', 'closed']);
  });

  it('tells of the end of a server that closes, behind the answer and not while paused', async () => {
    const told = connect((_req, res) => res.end('answer'));
    told.socket.pause();
    told.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await turns(20);
    expect([told.text, told.events]).toEqual(['', []]);
    told.socket.resume();
    await told.is('ended');
    expect(told.text).toContain('answer');
    told.socket.end();
    await told.is('closed');
  });

  it('closes when the server ends and nobody is there to be told', async () => {
    const told = connect((_req, res) => res.end('answer'));
    const closed = new Promise<void>((resolve) => {
      told.socket.events = { data: () => undefined, drained: () => undefined, closed: resolve };
    });
    told.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await closed;
  });

  it.each(['destroy', 'reset'] as const)('%s() is told of before it returns, and the server sees its caller leave', async (way) => {
    const [told, req, res] = await asked(GET);
    res.write('part');
    await told.hears('part');
    const left = Promise.all([req.socket, res].map((one) => new Promise((resolve) => one.once('close', resolve))));
    told.socket[way]();
    expect(told.events).toEqual(['closed']);
    told.socket[way]();
    expect(told.socket.write('x')).toBe(true);
    told.socket.end();
    told.socket.resume();
    await left;
    res.write('to nobody');
    await turns(5);
    expect([told.events, told.text.includes('nobody')]).toEqual([['closed'], false]);
  });

  it('tells of a server that breaks off', async () => {
    const [told, req, res] = await asked(GET);
    res.write('part');
    await told.hears('part');
    req.socket.destroy();
    expect(told.events).toEqual([]);
    await told.is('closed');
    expect(told.socket.write('x')).toBe(true);
  });

  it('has what cannot be read answered by the server', async () => {
    const told = connect(() => expect('not').toBe('handled'));
    told.socket.write('nonsense\r\n\r\n');
    await told.hears('HTTP/1.1 400 Bad Request');
    await told.is('closed');
  });
});
