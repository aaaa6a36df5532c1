/** TCP as Bun offers it. Declared by hand, because Bun's own types change those of Node for the whole project. */
export interface BunTcp {
  listen<Data>(options: BunTcpOptions<Data>): { readonly port: number; stop(): void };
  connect<Data>(options: BunTcpOptions<Data>): Promise<unknown>;
}

export interface BunTcpOptions<Data> {
  readonly hostname: string;
  readonly port: number;
  /** Whether a connection stays open when the other side has ended its half. */
  readonly allowHalfOpen: boolean;
  readonly socket: BunTcpHandlers<Data>;
}

export interface BunTcpHandlers<Data> {
  open?(socket: BunTcpSocket<Data>): void;
  data?(socket: BunTcpSocket<Data>, chunk: Buffer): void;
  /** The system takes bytes again. */
  drain?(socket: BunTcpSocket<Data>): void;
  /** The other side has ended its half. */
  end?(socket: BunTcpSocket<Data>): void;
  close?(socket: BunTcpSocket<Data>): void;
  error?(socket: BunTcpSocket<Data>, error: Error): void;
  connectError?(socket: BunTcpSocket<Data>, error: Error): void;
}

export interface BunTcpSocket<Data> {
  data: Data;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** How many bytes the system has taken, or -1. */
  write(bytes: Uint8Array): number;
  /** Ends this half. The socket is closed when both halves have ended. */
  shutdown(): void;
  close(): void;
  /** Closes with a reset. */
  terminate(): void;
  pause(): void;
  resume(): void;
  setNoDelay(noDelay: boolean): boolean;
}
