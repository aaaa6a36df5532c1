import { jetstream, jetstreamManager, type ConsumerConfig, type ConsumerInfo, type JetStreamClient, type DirectMsgRequest, type JetStreamManager, type MsgRequest, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import { AuthorizationError, connect, createInbox, NoRespondersError, RequestError, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { ShoalError } from '@shoal/domain/shared/errors';
import { isConflict, isFull, isNothingToDelete, isOtherConfiguration, isOverlap, isStreamMissing, toShoalError } from './nats-error';
import { parseServers } from './server-address';

/** How long a server may take for one answer. */
const ANSWER_MS = 3_000;
/** Of a server that has begun, or should have, to answer with several messages. */
const SILENCE_MS = 1_000;
const RECONNECT_MS = 200;
/** A server that takes connections but says nothing is noticed after about twice this. */
const PING_MS = 5_000;
/** Of a stream that others create as well. */
const MAX_TRIES = 5;
/** A server that lets a question time out and does not answer this soon to a mere ping says nothing to anybody. */
const PROBE_MS = 500;
const NOT_FOUND = 404;
const NOT_CONNECTED = 'not connected';
const SILENT = 'it does not answer';

export interface LinkOptions {
  /** `host:port`, with or without `nats://` and credentials; several with commas between them. */
  readonly servers: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** How long a server that is not there yet is waited for. */
  readonly openMs: number;
}

/** Who knows what has to be there. */
export interface LinkCaretaker {
  /** The server may be another one than before. */
  reconnected(): void;
  /** A stream was not there. Resolves with whether all are now. */
  restore(): Promise<boolean>;
  /** Something had no room. Resolves with whether there may be some now. */
  makeRoom(): Promise<boolean>;
}

interface Asking {
  /** Whether a stream that is missing is to be made first; not for what makes it. */
  readonly restores?: boolean;
  /** Whether no room has to be made for it. */
  readonly mayBeRefused?: boolean;
}

interface PublishOptions extends Asking {
  readonly expected?: number;
  readonly messageId?: string;
}

/** A message in a stream. */
export interface Stored {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/**
 * A connection to JetStream, which comes back by itself for as long as it is open.
 *
 * While it is away or silent, everything rejects with `backend-unavailable` at once, and so does what is on its way when that
 * begins: what would be kept back until it returns might be done long after its caller has given up. Streams have one replica, or reads could be behind what was written.
 */
export class NatsLink {
  /** Why nothing can be asked now; `undefined` when it can. */
  problem: string | undefined;
  private probing = false;
  /** Who waits for an answer. */
  private readonly waiting = new Set<(error: ShoalError) => void>();
  private caretaker: LinkCaretaker | undefined;

  private constructor(
    private readonly connection: NatsConnection,
    private readonly client: JetStreamClient,
    private readonly manager: JetStreamManager,
    private readonly address: string,
  ) {
    void this.followStatus();
  }

  static async open({ servers, user, pass, token, openMs }: LinkOptions): Promise<NatsLink> {
    const address = parseServers(servers);
    const credentials = { user: user ?? address.user, pass: pass ?? address.pass, token };
    const deadline = Date.now() + openMs;
    for (;;) {
      let connection: NatsConnection | undefined;
      try {
        connection = await connect({
          servers: [...address.hosts],
          ...Object.fromEntries(Object.entries(credentials).filter(([, value]) => value !== undefined)),
          timeout: ANSWER_MS,
          maxReconnectAttempts: -1,
          reconnectTimeWait: RECONNECT_MS,
          pingInterval: PING_MS,
          ignoreAuthErrorAbort: true,
          noAsyncTraces: true,
        });
        const manager = await jetstreamManager(connection, { timeout: ANSWER_MS });
        return new NatsLink(connection, jetstream(connection, { timeout: ANSWER_MS }), manager, address.text);
      } catch (error) {
        await connection?.close();
        if (error instanceof AuthorizationError || Date.now() + RECONNECT_MS > deadline) throw toShoalError(error, address.text);
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
  }

  /** From now on. */
  careBy(caretaker: LinkCaretaker): void {
    this.caretaker = caretaker;
  }

  /** The longest message that the server takes. */
  get maxMessageBytes(): number {
    return this.connection.info!.max_payload;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /**
   * Resolves once it is stored; with `undefined` when `expected` is not the sequence of the last message with this subject
   * (0: there is none). Messages with the same `messageId` within a while are one.
   */
  publish(subject: string, data: Uint8Array, { expected, messageId, ...asking }: PublishOptions = {}): Promise<{ readonly sequence: number; readonly duplicate: boolean } | undefined> {
    return this.ask(async () => {
      try {
        const { seq, duplicate } = await this.client.publish(subject, data, {
          ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
          ...(messageId === undefined ? {} : { msgID: messageId }),
        });
        return { sequence: seq, duplicate };
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw error;
      }
    }, asking);
  }

  /** The last message with exactly this subject. */
  last(stream: string, subject: string): Promise<Stored | undefined> {
    return this.ask(() => this.read(stream, { last_by_subj: subject }));
  }

  /** The last message whose subject matches: looks through all of the stream's, some microseconds for each hundred. */
  lastMatching(stream: string, pattern: string): Promise<Stored | undefined> {
    return this.ask(async () => storedOf(await this.manager.streams.getMessage(stream, { last_by_subj: pattern })));
  }

  /** The first message from this sequence on whose subject matches. */
  next(stream: string, sequence: number, pattern: string): Promise<Stored | undefined> {
    return this.ask(() => this.read(stream, { seq: sequence, next_by_subj: pattern }));
  }

  /** Resolves with whether it was there. */
  remove(stream: string, sequence: number): Promise<boolean> {
    return this.ask(async () => {
      try {
        return await this.manager.streams.deleteMessage(stream, sequence, false);
      } catch (error) {
        if (isNothingToDelete(error)) return false;
        throw error;
      }
    });
  }

  /** Of all streams. */
  streamNames(): Promise<ReadonlySet<string>> {
    return this.ask(async () => {
      const names = new Set<string>();
      for await (const name of this.manager.streams.names()) names.add(name);
      return names;
    }, { restores: false });
  }

  /** Makes a stream be so, whether it is there or not. */
  ensureStream(config: Partial<StreamConfig> & { readonly name: string }): Promise<void> {
    return this.ask(async () => {
      for (let tries = 1; ; tries++) {
        try {
          return void (await this.manager.streams.add(config));
        } catch (error) {
          if (isOtherConfiguration(error)) return void (await this.manager.streams.update(config.name, config));
          if (!isOverlap(error) || tries === MAX_TRIES) throw error;
          await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
        }
      }
    }, { restores: false, mayBeRefused: true });
  }

  /** To so many bytes; -1 for no limit. */
  limitStream(name: string, bytes: number): Promise<void> {
    return this.ask(async () => void (await this.manager.streams.update(name, { max_bytes: bytes })), { mayBeRefused: true });
  }

  /** Removes all but the last `keep` messages. Resolves with how many that were; none of a stream that is not there. */
  purge(stream: string, keep: number): Promise<number> {
    return this.ask(
      async () => {
        try {
          return (await (keep > 0 ? this.manager.streams.purge(stream, { keep }) : this.manager.streams.purge(stream))).purged;
        } catch (error) {
          if (isStreamMissing(error)) return 0;
          throw error;
        }
      },
      { restores: false },
    );
  }

  ensureConsumer(stream: string, config: Partial<ConsumerConfig>): Promise<void> {
    return this.ask(async () => void (await this.manager.consumers.add(stream, config)));
  }

  consumer(stream: string, name: string): Promise<ConsumerInfo> {
    return this.ask(() => this.manager.consumers.info(stream, name));
  }

  consumersOf(stream: string): Promise<readonly ConsumerInfo[]> {
    return this.ask(async () => {
      const infos: ConsumerInfo[] = [];
      for await (const info of this.manager.consumers.list(stream)) infos.push(info);
      return infos;
    });
  }

  /** With `subjects`, also how many messages there are of each that matches. */
  streamInfo(stream: string, subjects?: string): Promise<StreamInfo> {
    return this.ask(() => this.manager.streams.info(stream, subjects === undefined ? {} : { subjects_filter: subjects }));
  }

  /** Asks, and resolves when that was heard. */
  request(subject: string, text: string): Promise<void> {
    return this.ask(async () => void (await this.connection.request(subject, text, { timeout: ANSWER_MS })));
  }

  /** Says something that may get lost. */
  send(subject: string, text: string): void {
    this.requireConnected();
    this.connection.publish(subject, text);
  }

  listen(subject: string, heard: (message: Msg) => void): Subscription {
    return this.connection.subscribe(subject, { callback: (error, message) => void (error ?? heard(message)) });
  }

  /** Resolves when the server knows of what was listened to and sent before. */
  flush(): Promise<void> {
    return this.ask(() => withLimit(this.connection.flush()));
  }

  /**
   * Asks something that is answered in several messages, and resolves with those until `isLast` says so, or with fewer
   * when the server falls silent but is there.
   */
  collect(subject: string, text: string, isLast: (message: Msg, count: number) => boolean): Promise<readonly Msg[]> {
    return this.ask(
      () =>
        new Promise<readonly Msg[]>((resolve, reject) => {
          const messages: Msg[] = [];
          const inbox = createInbox();
          const end = (error?: Error) => {
            clearTimeout(timer);
            clearTimeout(limit);
            subscription.unsubscribe();
            if (error && messages.length === 0) reject(error);
            else resolve(messages);
          };
          const subscription = this.connection.subscribe(inbox, {
            callback: (error, message) => {
              if (error) return end(error);
              messages.push(message);
              if (isLast(message, messages.length)) end();
            },
          });
          const timer = setTimeout(() => void this.connection.flush().then(() => end(), end), SILENCE_MS);
          // Without a connection, there is no end of flushing.
          const limit = setTimeout(() => end(new Error('no answer in time')), ANSWER_MS);
          this.connection.publish(subject, text, { reply: inbox });
        }),
    );
  }

  private async ask<T>(question: () => Promise<T>, asking: Asking = {}): Promise<T> {
    this.requireConnected();
    try {
      return await this.unlessLost(this.askTwice(question, asking));
    } catch (error) {
      const translated = toShoalError(error, this.address);
      if (translated.code === 'backend-unavailable') void this.probe();
      throw translated;
    }
  }

  /** The second time after what was missing is there again, streams or room. */
  private async askTwice<T>(question: () => Promise<T>, { restores = true, mayBeRefused = false }: Asking): Promise<T> {
    try {
      return await question();
    } catch (error) {
      const mended = (restores && isStreamMissing(error) && (await this.caretaker?.restore())) || (!mayBeRefused && isFull(error) && (await this.caretaker?.makeRoom()));
      if (!mended) throw error;
      return question();
    }
  }

  private unlessLost<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      answer.finally(() => this.waiting.delete(reject)).then(resolve, reject);
    });
  }

  private lose(problem: string): void {
    this.problem = problem;
    for (const reject of this.waiting) reject(this.unavailable());
    this.waiting.clear();
  }

  /**
   * From memory of the server, where that is possible. A message's own headers may look like a status; what the server adds to
   * them, behind them, tells it from one.
   */
  private async read(stream: string, query: DirectMsgRequest): Promise<Stored | undefined> {
    try {
      const { headers, data } = await this.connection.request(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), { timeout: ANSWER_MS });
      const sequence = headers?.values('Nats-Sequence').at(-1);
      if (sequence !== undefined) return { subject: headers!.values('Nats-Subject').at(-1) ?? '', sequence: Number(sequence), data };
      if (headers?.code === NOT_FOUND) return undefined;
      throw new Error(headers?.description ?? 'it answers with what is no message');
    } catch (error) {
      // Either nobody is there, or an empty message says so: this way has a word for each.
      if (!(error instanceof NoRespondersError) && !(error instanceof RequestError)) throw error;
      return storedOf(await this.manager.streams.getMessage(stream, query as MsgRequest));
    }
  }

  private requireConnected(): void {
    if (this.problem !== undefined) throw this.unavailable();
  }

  private unavailable(): ShoalError {
    return new ShoalError('backend-unavailable', `the queue at ${this.address} is not available: ${this.problem}`);
  }

  /** Whether it was only that question; if not, nobody else has to find out by waiting. */
  private async probe(): Promise<void> {
    if (this.probing || this.problem !== undefined) return;
    this.probing = true;
    const timer = setTimeout(() => this.problem ?? this.lose(SILENT), PROBE_MS);
    // Where the connection ends instead, its status says more.
    await this.connection.flush().catch(() => undefined);
    clearTimeout(timer);
    if (this.problem === SILENT) this.problem = undefined;
    this.probing = false;
  }

  private async followStatus(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.lose(NOT_CONNECTED);
      if (type === 'reconnect') {
        this.problem = undefined;
        this.caretaker?.reconnected();
      }
    }
    this.lose(NOT_CONNECTED);
  }
}

async function withLimit(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('no answer in time')), ANSWER_MS)));
  await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function storedOf(message: { readonly subject: string; readonly seq: number; readonly data: Uint8Array } | null): Stored | undefined {
  return message ? { subject: message.subject, sequence: message.seq, data: message.data } : undefined;
}
