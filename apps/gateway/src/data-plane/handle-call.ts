import { plainLines } from '@shoal/adapters/http/end-to-end-headers';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { replicaAddress } from '@shoal/adapters/http/replica-address';
import type { Upstreams } from '@shoal/adapters/http/upstreams';
import { functionKey, type FunctionId } from '@shoal/domain/functions/function-spec';
import { Call, type Calls } from '@shoal/domain/invocation/calls';
import { functionNameOfIntent, parseFunctionName, type Route } from '@shoal/domain/invocation/route';
import type { Clock } from '@shoal/domain/shared/clock';
import { ShoalError } from '@shoal/domain/shared/errors';
import { sendCallError } from './call-error';
import { CallTurns } from './call-turns';
import { answerHeaders, identify, NOT_FOR_CALLERS, requestLines, type CallIdentity } from './call-headers';
import { readBounded } from './read-bounded';

/** Of a request target; what is longer is no call. */
export const MAX_TARGET_LENGTH = 64 * 1024;
/** Alexa's own limit is well below. */
const MAX_ALEXA_BODY_BYTES = 128 * 1024;
/** Lanes beside those of functions, whose keys have a dot. */
const INTENTS = 'intents';
const NOWHERE = 'nowhere';

export interface CallHandlerOptions {
  readonly calls: Calls;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly functionNamespace: string;
  /** For a call in all. */
  readonly writeTimeoutMs: number;
  /** For a replica to answer. */
  readonly upstreamTimeoutMs: number;
}

type DataRoute = Exclude<Route, { kind: 'control-plane' | 'async-function' }>;

/** Which function a request means, and what of it is for the function. */
interface Target {
  readonly id: FunctionId;
  /** Path and query. */
  readonly rest: string;
  /** When it had to be read already. */
  readonly body?: Buffer | undefined;
}

interface OneCall {
  readonly identity: CallIdentity;
  readonly call: Call;
}

/** The data plane's way in: nothing else between a caller and a replica. */
export class CallHandler {
  /** To be asked before a call is handled. */
  readonly turns = new CallTurns();

  constructor(private readonly options: CallHandlerOptions) {}

  /** One that begins to be counted now, and may be handled or refused later. */
  newCall(): Call {
    return new Call(this.options.clock, this.options.writeTimeoutMs);
  }

  /** What calls wait behind each other in: that of a function, that of intents, or the one of all that name no function that exists. */
  laneOf(exchange: Exchange, route: Route): string {
    const named = route.kind === 'root' ? exchange.header('x-function') : undefined;
    if (route.kind === 'root' && !named) return INTENTS;
    const id = named ? parseFunctionName(named, this.options.functionNamespace) : 'id' in route ? route.id : undefined;
    return id && this.options.calls.has(id) ? functionKey(id) : NOWHERE;
  }

  /** Answers a call, also one that asks for another protocol (WebSocket). Never rejects. */
  handle(exchange: Exchange, route: DataRoute, call = this.newCall()): Promise<void> {
    const identity = identify(exchange);
    return this.run(exchange, route, { identity, call }).catch((error: unknown) => {
      // Its caller may come again at once, and again: that would take the time of the calls that are served.
      if (error instanceof ShoalError && error.code === 'over-capacity' && this.turns.busy) exchange.restAfterAnswer();
      sendCallError(exchange, error, identity.callId, answerHeaders(identity, call));
      if (!(error instanceof ShoalError)) console.error(`call ${identity.callId} failed:`, error);
    });
  }

  /** Answers that more calls come here than can be taken. What its caller sends sooner than it may is read later. */
  refuse(exchange: Exchange, route: Route, call: Call): void {
    const identity = identify(exchange);
    const error = new ShoalError('over-capacity', 'more calls come to this gateway than it can take', { layer: 'gateway', elapsedMs: Math.round(call.elapsedMs()), retryAfterSeconds: 1 });
    if (route.kind === 'function') this.options.calls.refuse(route.id, call, error.code);
    exchange.restAfterAnswer();
    sendCallError(exchange, error, identity.callId, answerHeaders(identity, call));
  }

  private run(exchange: Exchange, route: DataRoute, one: OneCall): Promise<void> {
    if (route.kind === 'function' && exchange.target.length <= MAX_TARGET_LENGTH) return this.callFunction(exchange, route, one);
    return this.resolve(exchange, route).then((target) => this.callFunction(exchange, target, one));
  }

  private callFunction(exchange: Exchange, { id, rest, body }: Target, { identity, call }: OneCall): Promise<void> {
    const { calls, upstreams, upstreamTimeoutMs } = this.options;
    exchange.onClosed = () => call.cancel();
    return calls.run(id, call, (replica) => {
      const limitMs = Math.max(1, Math.min(upstreamTimeoutMs, call.remainingMs()));
      const { origin, path } = replicaAddress(replica, rest);
      const upstream = upstreams.of(origin);
      call.forwarded();
      return upstream.forward(exchange, {
        limitMs,
        timedOut: () => overran(limitMs, call),
        target: path,
        lines: `Host: ${upstream.address}\r\n${requestLines(exchange, identity, limitMs)}`,
        answerLines: () => plainLines(answerHeaders(identity, call)),
        withheld: NOT_FOR_CALLERS,
        body,
      });
    });
  }

  private async resolve(exchange: Exchange, route: DataRoute): Promise<Target> {
    if (exchange.target.length > MAX_TARGET_LENGTH) {
      throw new ShoalError('uri-too-long', `the request target is longer than ${MAX_TARGET_LENGTH} characters`);
    }
    switch (route.kind) {
      case 'function':
        return route;
      case 'no-function':
        throw new ShoalError('function-not-found', 'the path names no function: use /function/NAME or /function/NAME.NAMESPACE');
      case 'root':
        return this.resolveRoot(exchange);
    }
  }

  /** `POST /`: the header decides; without it, an Alexa request's intent. */
  private async resolveRoot(exchange: Exchange): Promise<Target> {
    const { functionNamespace } = this.options;
    const rest = `/${/\?.*/s.exec(exchange.target)?.[0] ?? ''}`;
    const named = exchange.header('x-function');
    if (named !== undefined && named !== '') {
      const id = parseFunctionName(named, functionNamespace);
      if (!id) throw new ShoalError('invalid-request', 'X-Function must be the name of a function, or NAME.NAMESPACE');
      return { id, rest };
    }
    const body = await readBounded(exchange, MAX_ALEXA_BODY_BYTES, 'a body without X-Function');
    const name = functionNameOfIntent(parseJson(body));
    if (name === undefined) {
      const text = 'Provide an x-function header or valid route /function/function_name. (An Alexa request names one by its intent.)';
      throw new ShoalError('invalid-request', text);
    }
    return { id: { name, namespace: functionNamespace }, rest, body };
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
