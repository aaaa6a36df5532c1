import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeSockets } from '@shoal/adapters/http/node-sockets';
import { describeSockets } from './sockets.contract';
import { Told } from './told';

describeSockets('NodeSockets', () => new NodeSockets());

describe('NodeSockets on a socket file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-sockets-'));
  const path = join(folder, 'socket');
  const sockets = new NodeSockets();
  afterAll(() => rmSync(folder, { recursive: true }));

  async function listen(): Promise<{ readonly close: () => void; readonly pair: () => Promise<[Told, Told]> }> {
    let accepted!: (told: Told) => void;
    const { port, close } = await sockets.listenPath(path, (socket) => {
      const told = new Told(socket);
      accepted(told);
      return told;
    });
    expect(port).toBe(0);
    const pair = async (): Promise<[Told, Told]> => {
      const next = new Promise<Told>((resolve) => (accepted = resolve));
      const socket = await sockets.connectPath(path, 1_000);
      const mine = new Told(socket);
      socket.events = mine;
      return [mine, await next];
    };
    return { close, pair };
  }

  it('passes bytes both ways, and has no peer with an address', async () => {
    const { close, pair } = await listen();
    const [mine, other] = await pair();
    mine.socket.write('ping');
    await other.hears('ping');
    expect(other.socket.peer).toEqual({ address: '', port: 0, secure: false });
    other.socket.write('pong');
    other.socket.end();
    await mine.hears('pong');
    await mine.is('ended');
    mine.socket.end();
    await other.is('closed');
    close();
  });

  it('closes where it should reset', async () => {
    const { close, pair } = await listen();
    const [mine, other] = await pair();
    mine.socket.reset();
    expect(mine.events).toEqual(['closed']);
    await other.is('ended');
    other.socket.destroy();
    close();
  });

  it('says by its code why it cannot listen or connect', async () => {
    const { close } = await listen();
    await expect(sockets.listenPath(path, (socket) => new Told(socket))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    close();
    await expect(sockets.connectPath(path, 1_000)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
