import type { Exchange } from '@shoal/adapters/http/exchange';
import type { Peer } from '@shoal/adapters/http/sockets';

const PEER = 'x-shoal-peer';
const SCHEME = 'x-shoal-scheme';

/** Between our own processes these say who the caller is. What comes from outside under these names is dropped. */
export const PEER_HEADERS = [PEER, SCHEME] as const;

/** Flat. */
export function peerHeaders({ address, port, secure }: Peer): string[] {
  return [PEER, `${address} ${port}`, SCHEME, secure ? 'https' : 'http'];
}

/** `address port`, and `https` or `http`; only of a request that one of our own processes has sent. */
export function peerOf(exchange: Exchange): Peer {
  const [address = '', port] = exchange.header(PEER)?.split(' ') ?? [];
  return { address, port: Number(port ?? 0), secure: exchange.header(SCHEME) === 'https' };
}
