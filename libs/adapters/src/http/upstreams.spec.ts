import { nobody, type ByteSocket, type SocketEvents } from './sockets';
import { Upstreams } from './upstreams';

describe('Upstreams', () => {
  const origin = 'http://127.0.0.1:4711';

  it('has one for each address, also of IPv6 and without a port', () => {
    const upstreams = new Upstreams({ connect: () => Promise.reject(new Error('no')) });
    expect(upstreams.of(origin)).toBe(upstreams.of(origin));
    expect([upstreams.of(origin), upstreams.of('http://[::1]:8080'), upstreams.of('http://replica')].map(({ address }) => address)).toEqual(['127.0.0.1:4711', '[::1]:8080', 'replica:80']);
  });

  it('forgets one whose last connection has ended, and one that cannot be reached', async () => {
    const sockets: FakeSocket[] = [];
    const upstreams = new Upstreams({
      connect: (_host, port) => {
        if (port !== 4711) return Promise.reject(new Error('refused'));
        sockets.push(new FakeSocket());
        return Promise.resolve(sockets.at(-1)!);
      },
    });
    const [kept, lost] = [upstreams.of(origin), upstreams.of('http://127.0.0.1:4712')];
    await kept.connect();
    await kept.connect();
    await expect(lost.connect()).rejects.toThrow('refused');
    sockets[0]!.destroy();
    expect(upstreams.of(origin)).toBe(kept);
    sockets[1]!.destroy();
    expect([upstreams.of(origin) === kept, upstreams.of('http://127.0.0.1:4712') === lost]).toEqual([false, false]);
  });
});

class FakeSocket implements ByteSocket {
  readonly peer = { address: '', port: 0, secure: false };
  events: SocketEvents = nobody;
  write(): boolean {
    return true;
  }
  end(): void {}
  destroy(): void {
    this.events.closed();
  }
  reset(): void {}
  pause(): void {}
  resume(): void {}
  limitStall(): void {}
}
