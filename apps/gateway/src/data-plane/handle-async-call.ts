import { createHash } from 'node:crypto';
import { ByteBudget } from '@shoal/adapters/http/byte-budget';
import type { Exchange } from '@shoal/adapters/http/exchange';
import type { FunctionId } from '@shoal/domain/functions/function-spec';
import type { Enqueue } from '@shoal/domain/queue/enqueue';
import type { QueuedCalls } from '@shoal/domain/queue/queued-calls';
import { ShoalError } from '@shoal/domain/shared/errors';
import { sendCallError } from './call-error';
import { callerHeaders, chosenIdOf, identify, type CallIdentity } from './call-headers';
import { MAX_TARGET_LENGTH } from './handle-call';
import { readBounded } from './read-bounded';

const MAX_KEY_LENGTH = 255;
/** Of all bodies that are on their way here. */
const MAX_RECEIVING_BYTES = 64 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** What accepts calls that run later. */
export interface AsyncCalls {
  readonly enqueue: Enqueue;
  readonly queuedCalls: QueuedCalls;
  readonly maxBodyBytes: number;
}

/** Where an asynchronous call goes. */
export interface AsyncRoute {
  readonly id: FunctionId;
  readonly rest: string;
}

/** Answers `/async-function/…`: 202 once the call is durably stored (wire contract §6.1). */
export class AsyncCallHandler {
  private readonly budget = new ByteBudget(MAX_RECEIVING_BYTES);

  /** @param queue absent where there is none. */
  constructor(private readonly queue: AsyncCalls | undefined) {}

  /** Never rejects. */
  async handle(exchange: Exchange, route: AsyncRoute): Promise<void> {
    const identity = identify(exchange);
    try {
      if (!this.queue) throw new ShoalError('route-not-found', 'this gateway has no queue for asynchronous calls: SHOAL_QUEUE or faas_nats_address gives it one');
      if (exchange.target.length > MAX_TARGET_LENGTH) throw new ShoalError('uri-too-long', `the request target is longer than ${MAX_TARGET_LENGTH} characters`);
      const id = await this.accept(this.queue, exchange, { ...route, acceptedMs: identity.startedMs, signedIn: identity.signedIn });
      exchange.send(202, [...identityHeaders({ ...identity, callId: id }), 'Location', `/async-function/calls/${encodeURIComponent(id)}`]);
    } catch (error) {
      if (error instanceof ShoalError && error.code === 'function-not-found' && (await this.cancelled(exchange, route))) {
        exchange.send(202, ['X-Call-Id', route.id.name]);
        return;
      }
      sendCallError(exchange, error, identity.callId, identityHeaders(identity));
      if (!(error instanceof ShoalError)) console.error(`asynchronous call ${identity.callId} failed:`, error);
    }
  }

  private async accept({ enqueue, maxBodyBytes }: AsyncCalls, exchange: Exchange, { id, rest, acceptedMs, signedIn }: AsyncRoute & { readonly acceptedMs: number; readonly signedIn: boolean }): Promise<string> {
    const callbackUrl = exchange.header('x-callback-url');
    const key = exchange.header('idempotency-key') ?? '';
    if (key.length > MAX_KEY_LENGTH) throw new ShoalError('invalid-request', `Idempotency-Key is longer than ${MAX_KEY_LENGTH} characters`);
    const request = { functionId: id, acceptedMs, method: exchange.method, rest, headers: callerHeaders(exchange, signedIn), ...(callbackUrl ? { callbackUrl } : {}) };
    enqueue.require(request);
    const body = exchange.hasBody ? await readBounded(exchange, maxBodyBytes, 'the body of an asynchronous call', this.budget) : EMPTY;
    const chosenId = chosenIdOf(exchange);
    const accepted = await enqueue.enqueue({
      ...request,
      body,
      ...(chosenId === undefined ? {} : { chosenId }),
      ...(key === '' ? {} : { idempotencyKey: `caller:${key}\n${fingerprint(exchange, rest, body)}` }),
    });
    return accepted.id;
  }

  /** `DELETE /async-function/CALL-ID` (wire contract §6.7), where no function has that name. */
  private async cancelled({ method }: Exchange, { id, rest }: AsyncRoute): Promise<boolean> {
    if (method !== 'DELETE' || rest !== '/' || !this.queue) return false;
    const { queuedCalls } = this.queue;
    try {
      // Who chose an id may not be the only one who knows it.
      if ((await queuedCalls.find(id.name)).record.idChosen) return false;
      await queuedCalls.cancel(id.name);
      return true;
    } catch (error) {
      if (!(error instanceof ShoalError)) console.error(`cancelling ${id.name} failed:`, error);
      return false;
    }
  }
}

function identityHeaders({ callId, startTime }: CallIdentity): string[] {
  return ['X-Call-Id', callId, 'X-Start-Time', startTime];
}

/**
 * Two requests are the same call only if they are the same: whoever guesses a key gets at nobody's call with it, and keeps
 * nobody's from being made.
 */
function fingerprint(exchange: Exchange, rest: string, body: Buffer): string {
  return createHash('sha256').update(JSON.stringify([exchange.method, rest, exchange.header('authorization') ?? ''])).update(body).digest('hex');
}
