import { endToEndLines, HOP_BY_HOP, plainLines } from '@shoal/adapters/http/end-to-end-headers';
import type { Exchange } from '@shoal/adapters/http/exchange';
import type { Sockets } from '@shoal/adapters/http/sockets';
import { Upstream } from '@shoal/adapters/http/upstream';
import { ShoalError } from '@shoal/domain/shared/errors';
import { sendCallError } from './data-plane/call-error';
import { PEER_HEADERS } from './peer-headers';

/** The length is said anew; an expectation has been answered where the caller's connection is. */
const DROPPED = HOP_BY_HOP.with('content-length', 'expect', ...PEER_HEADERS);

/** The part of the gateway that requests are passed on to, by whatever connections lead there. */
export function relayTarget(connections: Pick<Sockets, 'connect'>): Upstream {
  return new Upstream(connections, 'localhost', 80, { name: 'the control plane' });
}

/**
 * Passes an exchange on to another part of the gateway as it is, and its answer back; for as long as both sides like. Never
 * rejects.
 *
 * @param added headers that the other part is to see besides, flat.
 */
export async function relay(exchange: Exchange, upstream: Upstream, added: readonly string[] = []): Promise<void> {
  const host = exchange.header('host') === undefined ? 'Host: localhost\r\n' : '';
  try {
    await upstream.forward(exchange, {
      limitMs: 0,
      timedOut: () => new ShoalError('internal', 'there is no limit'),
      lines: endToEndLines(exchange.headers, DROPPED) + host + plainLines(added),
      answerLines: () => '',
      withheld: HOP_BY_HOP,
    });
  } catch (error) {
    if (error instanceof ShoalError && error.code === 'client-closed') return;
    console.error('a request to the control plane failed:', error instanceof ShoalError ? error.message : error);
    sendCallError(exchange, error, 'none');
  }
}
