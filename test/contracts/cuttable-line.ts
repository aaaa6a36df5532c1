import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line to a server, which can be cut for good: to the server, whoever was at its other end has died. */
export class CuttableLine {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<CuttableLine> {
    const server = createServer();
    const line = new CuttableLine(server);
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]] as const) {
        line.sockets.add(one);
        one.setNoDelay();
        one.on('error', () => other.destroy()).on('close', () => line.sockets.delete(one) && other.destroy());
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
