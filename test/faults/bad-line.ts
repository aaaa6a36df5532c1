import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line to a server of this machine on which things go wrong as on a network. */
export class BadLine {
  private readonly sockets = new Set<Socket>();
  private silent = false;
  private delayMs = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number | string,
  ) {
    server.on('connection', (near) => this.join(near));
  }

  /** @param target a port of this machine, or the path of a socket. */
  static async to(target: number | string): Promise<BadLine> {
    const line = new BadLine(createServer(), target);
    await new Promise<void>((resolve) => void line.server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** All connections end in the midst of what they carry; new ones can be made. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Takes connections and all that is sent, and passes nothing on, until `heal`: as behind a firewall that has forgotten them. */
  silence(): void {
    this.silent = true;
  }

  /** Each piece comes so much later. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /** What was swallowed stays lost: those connections end now. */
  heal(): void {
    if (this.silent) this.cut();
    this.silent = false;
    this.delayMs = 0;
  }

  close(): void {
    this.server.close();
    this.cut();
  }

  private join(near: Socket): void {
    const far = typeof this.target === 'number' ? connect(this.target, '127.0.0.1') : connect(this.target);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      this.sockets.add(one);
      one.setNoDelay();
      one.on('error', () => other.destroy()).on('close', () => this.sockets.delete(one) && other.destroy());
      one.on('data', (piece) => this.pass(piece, other));
    }
  }

  private pass(piece: Buffer, to: Socket): void {
    if (this.silent) return;
    const write = () => void (this.silent || to.destroyed || to.write(piece));
    // In order all the same: timers of one length fire in the order in which they were set.
    if (this.delayMs === 0) write();
    else setTimeout(write, this.delayMs);
  }
}
