import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { forward, hasBody } from '@shoal/adapters/http/forward';
import { replicaAddress } from '@shoal/adapters/http/replica-address';
import { tunnel } from '@shoal/adapters/http/tunnel';
import type { Replica } from '@shoal/domain/functions/function-provider';
import type { FunctionId } from '@shoal/domain/functions/function-spec';
import { Call, type Calls } from '@shoal/domain/invocation/calls';
import { functionNameOfIntent, parseFunctionName, type Route } from '@shoal/domain/invocation/route';
import type { Clock } from '@shoal/domain/shared/clock';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { Dispatcher } from 'undici';
import { sendCallError, sendCallErrorRaw } from './call-error';
import { readBounded } from './read-bounded';
import { answerHeaders, identify, REPLACED_IN_ANSWER, requestHeaders, type CallIdentity } from './call-headers';

/** Of a request target; what is longer is no call. */
export const MAX_TARGET_LENGTH = 64 * 1024;
/** Alexa's own limit is well below. */
const MAX_ALEXA_BODY_BYTES = 128 * 1024;

export interface CallHandlerOptions {
  readonly calls: Calls;
  readonly connections: Dispatcher;
  readonly clock: Clock;
  readonly functionNamespace: string;
  /** For a call in all. */
  readonly writeTimeoutMs: number;
  /** For a replica to answer. */
  readonly upstreamTimeoutMs: number;
}

type DataRoute = Exclude<Route, { kind: 'control-plane' | 'async-function' }>;

/** The data plane's way in: plain `node:http`, nothing else between a caller and a replica. */
export class CallHandler {
  constructor(private readonly options: CallHandlerOptions) {}

  /** Answers a call. Never rejects. */
  async handle(req: IncomingMessage, res: ServerResponse, route: DataRoute): Promise<void> {
    const identity = identify(req);
    const call = new Call(this.options.clock, this.options.writeTimeoutMs);
    try {
      const { id, rest, body } = await this.resolve(req, route);
      res.on('close', () => call.cancel());
      await this.options.calls.run(id, call, (replica) => this.exchange(req, res, { replica, rest, body, identity, call }));
    } catch (error) {
      sendCallError(res, error, identity.callId, answerHeaders(identity, call));
      if (!(error instanceof ShoalError)) console.error(`call ${identity.callId} failed:`, error);
    }
  }

  /** Answers a call that asks for another protocol (WebSocket). Never rejects. */
  async upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, route: Route): Promise<void> {
    const identity = identify(req);
    const call = new Call(this.options.clock, this.options.writeTimeoutMs);
    const onClose = () => call.cancel();
    socket.on('close', onClose).on('error', () => undefined);
    try {
      if (route.kind !== 'function') throw new ShoalError('route-not-found', 'only functions take upgrades: /function/NAME');
      await this.options.calls.run(route.id, call, (replica) => {
        const limitMs = this.limitOf(call);
        const { origin, path } = replicaAddress(replica, route.rest);
        return tunnel(req, socket, head, {
          origin,
          path,
          headers: requestHeaders(req, identity, limitMs),
          limitMs,
          timedOut: () => overran(limitMs, call),
          answerHeaders: () => answerHeaders(identity, call),
        });
      });
    } catch (error) {
      sendCallErrorRaw(socket, error, identity.callId);
    } finally {
      socket.off('close', onClose);
    }
  }

  private exchange(
    req: IncomingMessage,
    res: ServerResponse,
    { replica, rest, body, identity, call }: { replica: Replica; rest: string; body: Readable | Buffer | null; identity: CallIdentity; call: Call },
  ): Promise<number> {
    const limitMs = this.limitOf(call);
    const { origin, path } = replicaAddress(replica, rest);
    // Only now: a caller that waits for this has not sent its body to a function that could not take it.
    if (req.headers.expect !== undefined && body === req && !res.headersSent) res.writeContinue();
    call.forwarded();
    return forward(req, res, {
      connections: this.options.connections,
      origin,
      path,
      headers: requestHeaders(req, identity, limitMs),
      body,
      limitMs,
      timedOut: () => overran(limitMs, call),
      answerHeaders: () => answerHeaders(identity, call),
      replaced: REPLACED_IN_ANSWER,
    });
  }

  private async resolve(req: IncomingMessage, route: DataRoute): Promise<{ id: FunctionId; rest: string; body: Readable | Buffer | null }> {
    if ((req.url ?? '').length > MAX_TARGET_LENGTH) {
      throw new ShoalError('uri-too-long', `the request target is longer than ${MAX_TARGET_LENGTH} characters`);
    }
    const body = hasBody(req) ? req : null;
    switch (route.kind) {
      case 'function':
        return { id: route.id, rest: route.rest, body };
      case 'no-function':
        throw new ShoalError('function-not-found', 'the path names no function: use /function/NAME or /function/NAME.NAMESPACE');
      case 'root':
        return this.resolveRoot(req, body);
    }
  }

  /** `POST /`: the header decides; without it, an Alexa request's intent. */
  private async resolveRoot(req: IncomingMessage, body: IncomingMessage | null) {
    const { functionNamespace } = this.options;
    const query = /\?.*/s.exec(req.url ?? '')?.[0] ?? '';
    const named = req.headers['x-function'];
    if (typeof named === 'string' && named !== '') {
      const id = parseFunctionName(named, functionNamespace);
      if (!id) throw new ShoalError('invalid-request', 'X-Function must be the name of a function, or NAME.NAMESPACE');
      return { id, rest: `/${query}`, body };
    }
    const bytes = await readBounded(req, MAX_ALEXA_BODY_BYTES, 'a body without X-Function');
    const name = functionNameOfIntent(parseJson(bytes));
    if (name === undefined) {
      const text = 'Provide an x-function header or valid route /function/function_name. (An Alexa request names one by its intent.)';
      throw new ShoalError('invalid-request', text);
    }
    return { id: { name, namespace: functionNamespace }, rest: `/${query}`, body: bytes };
  }

  private limitOf(call: Call): number {
    return Math.max(1, Math.min(this.options.upstreamTimeoutMs, call.remainingMs()));
  }
}

function overran(limitMs: number, call: Call): ShoalError {
  return new ShoalError('upstream-timeout', `the function did not answer within upstream_timeout`, {
    layer: 'gateway',
    limitMs: Math.round(limitMs),
    elapsedMs: Math.round(call.elapsedMs()),
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
