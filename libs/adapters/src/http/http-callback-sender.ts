import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Callback, CallbackSender } from '@shoal/domain/queue/invoker';
import type { StoredAnswer } from '@shoal/domain/queue/queued-call';
import { ShoalError } from '@shoal/domain/shared/errors';
import Agent from 'undici/lib/dispatcher/agent.js';
import type { Dispatcher } from 'undici';
import { addressProblem, callbackUrlProblem, type CallbackRules } from './callback-rules';
import { collectAnswer } from './collect-answer';

const CONNECT_TIMEOUT_MS = 5_000;
const LIMIT_MS = 30_000;
/** Of a receiver's answer only the status matters. */
const MAX_ANSWER_BYTES = 0;

/** Posts outcomes over HTTP, to nobody whom the rules forbid: addresses are looked at when a connection is made. */
export class HttpCallbackSender implements CallbackSender {
  private readonly connections: Dispatcher;

  constructor(private readonly rules: CallbackRules) {
    this.connections = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(rules) } });
  }

  async send({ url, headers, body }: Callback): Promise<StoredAnswer> {
    const problem = callbackUrlProblem(this.rules, url);
    if (problem !== undefined) throw new ShoalError('forbidden', `the callback ${problem}`);
    const { origin, pathname, search, username, password } = new URL(url);
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization = username === '' && password === '' ? [] : ['Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`];
    return collectAnswer({
      connections: this.connections,
      origin,
      path: pathname + search,
      method: 'POST',
      headers: [...headers, ...authorization],
      body,
      limitMs: LIMIT_MS,
      timedOut: () => new ShoalError('upstream-timeout', 'the receiver did not answer in time', { limitMs: LIMIT_MS }),
      maxAnswerBytes: MAX_ANSWER_BYTES,
    });
  }
}

/** The system's look-up, which fails when one of the addresses must not be called. */
function guardedLookup(rules: CallbackRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      if (error) return callback(error, address, family);
      const addresses = typeof address === 'string' ? [address] : address.map((one) => one.address);
      const problem = addresses.map((one) => addressProblem(rules, hostname, one)).find((one) => one !== undefined);
      if (problem === undefined) return callback(null, address, family);
      callback(new ShoalError('forbidden', `the callback ${problem}`), address, family);
    });
  };
}
