/** Who is at the other end of a connection. */
export interface Peer {
  /** Its IP address; empty where it has none, as behind a socket file, or is gone. */
  readonly address: string;
  readonly port: number;
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
}

/** One TCP connection, as HTTP needs it. */
export interface ByteSocket {
  readonly peer: Peer;
  /** Who is told what happens. Changes when the connection gets another purpose. */
  events: SocketEvents;
  /**
   * Sends bytes, or a text of Latin-1 characters. False asks to wait for `drained`; everything is sent all the same.
   * After `end`, or once the connection is closed, nothing happens.
   */
  write(bytes: Uint8Array | string): boolean;
  /**
   * Sends what has been written, then ends this half. `drained` tells when it has gone out. The connection is closed when
   * both halves have ended; an end that the other side does not answer is the caller's to limit.
   */
  end(): void;
  /** Closes at once; what has not gone out is lost. `closed` is told before this returns. */
  destroy(): void;
  /** As `destroy`, in a way that the other side cannot take for an orderly end. */
  reset(): void;
  /** No `data` until `resume`, apart from what is on its way already. The other side's end is not noticed either. */
  pause(): void;
  resume(): void;
  /**
   * Closes the connection when, for so long, the other side takes nothing of what waits to be sent to it. 0, as at first:
   * it may take its time.
   */
  limitStall(limitMs: number): void;
}

export interface SocketEvents {
  /** The bytes are the receiver's to keep. */
  data(chunk: Buffer): void;
  /** All that was written has gone out, after `write` returned false or after `end`. */
  drained(): void;
  /** The other side sends no more, but may go on reading. Where this is missing, the connection is closed instead. */
  ended?(): void;
  /** The connection is closed: by either side, or because it broke. Once, the last. */
  closed(): void;
}

export interface Listener {
  /** Takes no more connections; those that it has taken go on. */
  close(): void;
  /** Closes connections that nobody has been told of, because they are not encrypted yet. */
  endHandshakes?(): void;
  readonly port: number;
}

/**
 * PORT: the TCP of a runtime. One is Node's, the other Bun's own, which starts in a third of the time that Bun's
 * imitation of Node's takes.
 */
export interface Sockets {
  /**
   * Listens on a port (0: one that is free), on one address or on all. `accepted` names who hears of each connection.
   * Rejects with an error whose `code` is the system's (`EADDRINUSE`).
   */
  listen(port: number, host: string | undefined, accepted: (socket: ByteSocket) => SocketEvents): Promise<Listener>;
  /** Rejects with an error whose `code` is the system's (`ECONNREFUSED`), or `ETIMEDOUT` after `limitMs`. */
  connect(host: string, port: number, limitMs: number): Promise<ByteSocket>;
}

/** Of a connection that nobody uses at the moment. */
export const nobody: SocketEvents = { data: () => undefined, drained: () => undefined, closed: () => undefined };
