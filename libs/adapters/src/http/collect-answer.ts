import type { StoredAnswer } from '@shoal/domain/queue/queued-call';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import type { Dispatcher } from 'undici';
import { endToEndHeaders, HOP_BY_HOP } from './end-to-end-headers';

/** A server that overran its time keeps its connection for so long, to end the work in its own way. */
const ABANDON_MS = 1_000;

export interface CollectedRequest {
  readonly connections: Dispatcher;
  /** `http://host:port`. */
  readonly origin: string;
  /** Path and query, as they go out. */
  readonly path: string;
  readonly method: string;
  /** Flat. */
  readonly headers: string[];
  readonly body: Uint8Array;
  /** For the whole exchange, in milliseconds. */
  readonly limitMs: number;
  /** What to reject with when the limit is hit. */
  timedOut(): ShoalError;
  /** A longer body is read to its end, but not kept. */
  readonly maxAnswerBytes: number;
  /** Handed a function that breaks the exchange off. */
  onBegin?(cancel: () => void): void;
}

/**
 * Sends a request whole and keeps the answer.
 *
 * Rejects with `replica-unreachable` when nothing was sent, `replica-failed` when the other side broke off, what `timedOut`
 * says, and `client-closed` when it was broken off.
 */
export function collectAnswer(request: CollectedRequest): Promise<StoredAnswer> {
  return new Promise((resolve, reject) => {
    const { connections, origin, path, method, headers, body } = request;
    const collector = new Collector(request, resolve, reject);
    request.onBegin?.(() => collector.fail(new ShoalError('client-closed', 'the call was broken off')));
    connections.dispatch(
      { origin, path, method: method, headers, body: body.byteLength > 0 ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : null },
      collector,
    );
  });
}

class Collector implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private status = 0;
  private headers: readonly string[] = [];
  private settled = false;

  constructor(
    private readonly request: CollectedRequest,
    private readonly resolve: (answer: StoredAnswer) => void,
    private readonly reject: (error: ShoalError) => void,
  ) {
    this.timer = setTimeout(() => this.fail(request.timedOut(), ABANDON_MS), request.limitMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.settled) controller.abort(new Error('the call has ended'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number): void {
    if (statusCode < 200) return; // An interim answer is between the two of us.
    this.status = statusCode;
    this.headers = endToEndHeaders((controller.rawHeaders as readonly Buffer[]).map((part) => part.toString('latin1')), HOP_BY_HOP);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.byteLength;
    if (this.bytes <= this.request.maxAnswerBytes) this.chunks.push(chunk);
    else this.chunks.length = 0;
  }

  onResponseEnd(): void {
    const kept = this.bytes <= this.request.maxAnswerBytes;
    this.settle(() => this.resolve({ status: this.status, headers: this.headers, ...(kept ? { body: Buffer.concat(this.chunks) } : {}) }));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (error instanceof ShoalError) return this.fail(error); // Whom we refuse to connect to.
    const sent = this.controller !== undefined;
    const [code, what] = sent ? (['replica-failed', 'broke off'] as const) : (['replica-unreachable', 'cannot be reached'] as const);
    this.fail(new ShoalError(code, `the other side ${what}: ${messageOf(error)}`, { layer: 'gateway' }, { cause: error }));
  }

  fail(error: ShoalError, graceMs = 0): void {
    this.settle(() => {
      this.reject(error);
      setTimeout(() => this.controller?.abort(error), graceMs).unref();
    });
  }

  private settle(action: () => void): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    action();
  }
}
