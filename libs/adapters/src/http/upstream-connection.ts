import type { ForwardedExchange } from './forwarded-exchange';
import { MessageError, MessageParser, type MessageEvents, type MessageHead } from './message-parser';
import { Outbox } from './outbox';
import type { ByteSocket, SocketEvents } from './sockets';
import type { Upstream } from './upstream';

const MAX_HEAD_BYTES = 1024 * 1024;
const MAX_INTERIM_ANSWERS = 32;
const NO_ANSWER = 'it closed the connection without an answer';

/** One connection to the other side, in one exchange at a time; between them it is idle and kept by its `Upstream`. */
export class UpstreamConnection implements SocketEvents, MessageEvents {
  /** Whether anything of the present answer has come. */
  private received = false;
  idleSinceMs = 0;
  /** When it is closed unless somebody uses it. */
  idleUntilMs = 0;
  private call: ForwardedExchange | undefined;
  private readonly parser = new MessageParser('response', MAX_HEAD_BYTES, this);
  private readonly outbox: Outbox;
  private interimAnswers = 0;
  private interim = false;
  private paused = false;

  constructor(
    private readonly upstream: Upstream,
    private readonly socket: ByteSocket,
  ) {
    this.outbox = new Outbox(socket, () => this.call?.drained());
    socket.events = this;
  }

  begin(call: ForwardedExchange): void {
    this.call = call;
    this.received = false;
    this.interimAnswers = 0;
    this.parser.resume();
  }

  /** The head, and what is at hand of the body. */
  send(bytes: Uint8Array | string): void {
    this.outbox.send(bytes);
  }

  /** The body as it comes. False asks to wait until the exchange's `drained`. */
  sendBody(bytes: Uint8Array | string): boolean {
    return this.outbox.sendLater(bytes);
  }

  pause(): void {
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.socket.resume();
  }

  /** The connection goes on as another protocol's. */
  handOver(events: SocketEvents): ByteSocket {
    this.call = undefined;
    this.outbox.flush();
    this.upstream.forget(this);
    this.socket.events = events;
    return this.socket;
  }

  destroy(): void {
    this.call = undefined;
    this.socket.destroy();
  }

  // What the socket tells.

  data(chunk: Buffer): void {
    const { call } = this;
    if (!call) return this.destroy(); // Nobody asked.
    this.received = true;
    try {
      let rest = this.parser.execute(chunk);
      while (this.interim) {
        this.interim = false;
        this.parser.resume();
        rest = this.parser.execute(rest);
      }
      if (call.switching) call.join(rest);
      else if (call.finished) this.release(call.reusable && rest.byteLength === 0);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      call.broken(`its answer cannot be understood: ${error.message}`);
    }
  }

  drained(): void {
    this.outbox.blocked = false;
    this.call?.drained();
  }

  ended(): void {
    const { call } = this;
    if (!call) return this.destroy();
    if (!this.received) return call.broken(NO_ANSWER);
    try {
      this.parser.finish();
    } catch (error) {
      return call.broken((error as MessageError).message);
    }
    if (call.finished) this.release(false);
    else call.broken('it closed the connection before its answer');
  }

  closed(): void {
    this.upstream.forget(this);
    const { call } = this;
    if (!call) return;
    if (this.received) call.broken('the connection broke within the answer');
    else call.broken(NO_ANSWER);
  }

  // What the parser tells.

  head(head: MessageHead): 'no-body' | undefined {
    if (head.status >= 200 || head.status === 101) return this.call?.head(head);
    if (++this.interimAnswers > MAX_INTERIM_ANSWERS) throw new MessageError('it has too many interim answers');
    this.interim = true; // Between the other side and us.
    return undefined;
  }

  body(chunk: Buffer): void {
    this.call?.body(chunk);
  }

  end(trailers: readonly string[]): void {
    if (!this.interim) this.call?.end(trailers);
  }

  /** The answer is whole. */
  private release(reusable: boolean): void {
    if (!this.call) return;
    const { keptMs } = this.call;
    this.call = undefined;
    this.resume(); // The next exchange starts with a connection that is read from.
    if (reusable) this.upstream.keep(this, keptMs);
    else this.destroy();
  }
}
