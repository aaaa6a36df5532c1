import type { Server, Socket } from 'node:net';

/** The connections of a TLS server whose handshake is not over: it tells of a connection only when it is. */
export class Handshakes {
  /** By both their ends: nothing else tells which encrypted connection belongs to which. */
  private readonly going = new Map<string, Socket>();

  /** @param done is given a connection whose handshake is over. */
  constructor(server: Server, done: (secure: Socket) => void) {
    server.on('connection', (socket: Socket) => {
      const ends = endsOf(socket);
      this.going.set(ends, socket);
      socket.once('close', () => this.forget(ends, socket));
    });
    server.on('secureConnection', (secure: Socket) => {
      this.going.delete(endsOf(secure));
      // Not from the beginning: who ends its half within the handshake would not be noticed.
      secure.allowHalfOpen = true;
      done(secure);
    });
    // One that fails, or takes too long, is closed by who hears of it.
    server.on('tlsClientError', (_error: Error, secure: Socket) => secure.destroy());
  }

  /** Closes the connections whose handshake is not over. */
  end(): void {
    for (const socket of this.going.values()) socket.destroy();
  }

  private forget(ends: string, socket: Socket): void {
    if (this.going.get(ends) === socket) this.going.delete(ends);
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
