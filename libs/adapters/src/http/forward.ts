import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { Dispatcher } from 'undici';
// Only this part of the library: the whole of it would cost each process some 8 MB more.
import Agent from 'undici/lib/dispatcher/agent.js';
import { endToEndHeaders } from './end-to-end-headers';

/** How long a connection to a replica may take to come about. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Idle connections are closed here before a replica closes them, which would cost a call its answer. */
const KEEP_ALIVE_MS = 4_000;
/** Head of a replica's answer. */
const MAX_RESPONSE_HEADER_BYTES = 1024 * 1024;

/** A replica that overran its time keeps its connection for so long, to end the work in its own way. */
const ABANDON_MS = 1_000;

const NONE: ReadonlySet<string> = new Set();

/** Where to send a request, and what to change about it on the way. */
export interface ForwardTarget {
  /** Connections to reuse; see `createConnections`. */
  readonly connections: Dispatcher;
  /** `http://host:port`. */
  readonly origin: string;
  /** Path and query, as they go out. */
  readonly path: string;
  /** End-to-end headers, flat. */
  readonly headers: string[];
  /** `null` when there is none. */
  readonly body: Readable | Buffer | null;
  /** For the whole exchange, in milliseconds; 0: no limit. */
  readonly limitMs: number;
  /** What to reject with when the limit is hit. */
  timedOut(): ShoalError;
  /** Headers to add to the answer, flat; they replace the replica's own of the same names, `replaced`. */
  answerHeaders(): readonly string[];
  /** In lower case. */
  readonly replaced?: ReadonlySet<string>;
}

/** Pooled keep-alive connections to replicas. Limits on time are the callers', so undici's own are off. */
export function createConnections(): Dispatcher {
  return new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
}

/**
 * Sends `req` on, and the answer back to `res`, both as streams with back-pressure.
 *
 * Resolves with the answer's status when it has gone out whole. Rejects with `replica-unreachable` when nothing was
 * sent, so that the call can be tried elsewhere; `replica-failed` when the replica broke off; what `timedOut` says;
 * `client-closed`. Once the head of an answer is out, a failure cuts the client's connection, so that it cannot take
 * half an answer for a whole one.
 */
export function forward(req: IncomingMessage, res: ServerResponse, target: ForwardTarget): Promise<number> {
  return new Promise((resolve, reject) => {
    const exchange = new ForwardedExchange(res, target, resolve, reject);
    target.connections.dispatch(
      {
        origin: target.origin,
        path: target.path,
        method: req.method as Dispatcher.HttpMethod,
        headers: target.headers,
        body: target.body,
      },
      exchange,
    );
  });
}

/** Whether the request carries a body, going by its framing (RFC 9112 §6.3). */
export function hasBody(req: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

class ForwardedExchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private readonly timer: NodeJS.Timeout | undefined;
  private statusCode = 0;
  private settled = false;
  /** The first piece of the body, kept for a moment so that a short answer goes out in one write with its head. */
  private firstChunk: Buffer | undefined;
  private flushScheduled = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly target: ForwardTarget,
    private readonly resolve: (statusCode: number) => void,
    private readonly reject: (error: ShoalError) => void,
  ) {
    if (target.limitMs > 0) this.timer = setTimeout(this.onTimeout, target.limitMs);
    res.on('close', this.onClose);
    if (res.destroyed) this.onClose();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.settled) controller.abort(new Error('the call has ended'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    _headers: unknown,
    statusMessage?: string,
  ): void {
    if (statusCode < 200 || this.settled) return; // An interim answer is between the replica and us.
    this.statusCode = statusCode;
    const raw = (controller.rawHeaders as readonly Buffer[]).map((part) => part.toString('latin1'));
    const headers = endToEndHeaders(raw, this.target.replaced ?? NONE);
    headers.push(...this.target.answerHeaders());
    this.res.writeHead(statusCode, statusMessage ?? '', headers);
    this.scheduleFlush();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled) return;
    if (this.flushScheduled && !this.firstChunk) {
      this.firstChunk = chunk;
      return;
    }
    this.sendFirstChunk();
    this.write(chunk);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: Record<string, string | string[] | undefined>): void {
    if (this.settled) return;
    if (Object.keys(trailers).length > 0) this.addTrailers(trailers);
    const chunk = this.firstChunk;
    this.firstChunk = undefined;
    this.flushScheduled = false;
    this.res.end(chunk);
    // The slow reader's rest is still on its way; a limit on it is the server's.
    if (this.res.writableFinished) this.succeed();
    else this.res.on('finish', this.succeed);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error & { code?: string }): void {
    if (this.settled) return;
    const facts = { layer: 'gateway' } as const;
    if (!this.controller) {
      return this.fail(new ShoalError('replica-unreachable', `the replica cannot be reached: ${describe(error)}`, facts, { cause: error }));
    }
    this.fail(new ShoalError('replica-failed', `the replica broke off: ${describe(error)}`, facts, { cause: error }));
  }

  /** The head goes out in the next tick, unless the whole answer has come by then. */
  private scheduleFlush(): void {
    this.flushScheduled = true;
    process.nextTick(this.flush);
  }

  private readonly flush = (): void => {
    if (!this.flushScheduled || this.settled) return;
    this.flushScheduled = false;
    if (this.firstChunk) this.sendFirstChunk();
    else this.res.flushHeaders();
  };

  private sendFirstChunk(): void {
    const chunk = this.firstChunk;
    this.firstChunk = undefined;
    this.flushScheduled = false;
    if (chunk) this.write(chunk);
  }

  private write(chunk: Buffer): void {
    if (this.res.write(chunk)) return;
    this.controller?.pause();
    this.res.once('drain', this.onDrain);
  }

  private readonly onDrain = (): void => this.controller?.resume();

  private addTrailers(trailers: Record<string, string | string[] | undefined>): void {
    // Only a chunked answer has room for trailers.
    if (!this.res.chunkedEncoding) return;
    const flat = Object.entries(trailers).flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one]));
    this.res.addTrailers(flat);
  }

  private readonly onTimeout = (): void => {
    if (this.settled) return;
    const error = this.target.timedOut();
    this.settle();
    if (this.res.headersSent) this.res.destroy();
    this.reject(error);
    setTimeout(() => this.controller?.abort(error), ABANDON_MS).unref();
  };

  private readonly onClose = (): void => {
    if (!this.res.writableFinished) this.fail(new ShoalError('client-closed', 'the caller left before the call ended'));
  };

  private readonly succeed = (): void => {
    if (this.settled) return;
    this.settle();
    this.resolve(this.statusCode);
  };

  private fail(error: ShoalError): void {
    if (this.settled) return;
    this.settle();
    this.controller?.abort(error);
    if (this.res.headersSent) this.res.destroy();
    this.reject(error);
  }

  private settle(): void {
    this.settled = true;
    if (this.timer) clearTimeout(this.timer);
    this.res.off('close', this.onClose);
  }
}

function describe(error: Error & { code?: string }): string {
  return error.code ? `${error.message} (${error.code})` : error.message;
}
