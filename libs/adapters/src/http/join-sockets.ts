import type { ByteSocket, SocketEvents } from './sockets';

/** How long a side may take to end after the other has. */
const CLOSE_MS = 2_000;

export interface SocketsToJoin {
  /** Hands over the caller's connection; may tell `events` of data before it returns. */
  client(events: SocketEvents): ByteSocket;
  server(events: SocketEvents): ByteSocket;
  /** What the server has sent already. */
  readonly early: Buffer;
  /** For how long nothing may be said, in milliseconds; 0: no limit. */
  readonly idleMs: number;
  /** Both are closed. Once. */
  closed(): void;
}

/** Passes bytes both ways, with back-pressure, until one side ends: then the other gets what was sent to it, and ends too. */
export function joinSockets(sockets: SocketsToJoin): void {
  const { early, idleMs } = sockets;
  const fromClient = new Direction();
  const fromServer = new Direction();
  let open = 2;
  const onClosed = () => {
    if (--open > 0) return;
    clearTimeout(idle);
    sockets.closed();
  };
  const idle = idleMs > 0 ? setTimeout(() => fromClient.from?.destroy(), idleMs) : undefined;
  const onData = () => idle?.refresh();
  const serverSocket = sockets.server(fromServer.eventsOfSource(fromClient, onData, onClosed));
  fromServer.from = fromClient.to = serverSocket;
  const clientSocket = sockets.client(fromClient.eventsOfSource(fromServer, onData, onClosed));
  fromClient.from = fromServer.to = clientSocket;
  if (early.byteLength > 0) fromServer.pass(early);
}

/** One of the two ways through. */
class Direction {
  from: ByteSocket | undefined;
  to: ByteSocket | undefined;

  /** Of the socket that it reads from; `back` is the other way. */
  eventsOfSource(back: Direction, onData: () => void, onClosed: () => void): SocketEvents {
    return {
      data: (chunk) => {
        onData();
        this.pass(chunk);
      },
      drained: () => back.from?.resume(),
      closed: () => {
        this.endTarget();
        onClosed();
      },
    };
  }

  pass(chunk: Buffer): void {
    if (this.to && !this.to.write(chunk)) this.from?.pause();
  }

  private endTarget(): void {
    const { to } = this;
    if (!to) return;
    to.end();
    to.resume();
    setTimeout(() => to.destroy(), CLOSE_MS).unref();
  }
}
