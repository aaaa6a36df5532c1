import type { Sockets } from './sockets';
import { Upstream } from './upstream';

/** The upstreams of many replicas, each with connections of its own. What has none for a while is forgotten. */
export class Upstreams {
  private readonly byOrigin = new Map<string, Upstream>();

  constructor(private readonly sockets: Pick<Sockets, 'connect'>) {}

  /** @param origin `http://host:port`; without a port it is 80. */
  of(origin: string): Upstream {
    let upstream = this.byOrigin.get(origin);
    if (!upstream) {
      upstream = this.create(origin);
      this.byOrigin.set(origin, upstream);
    }
    return upstream;
  }

  private create(origin: string): Upstream {
    const { host, port } = hostAndPort(origin);
    const created: Upstream = new Upstream(this.sockets, host, port, {
      name: 'the replica',
      onUnused: () => {
        if (this.byOrigin.get(origin) === created) this.byOrigin.delete(origin);
      },
    });
    return created;
  }
}

function hostAndPort(origin: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(origin);
  // A URL has brackets around an address of IPv6, a socket has not.
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 80 : Number(port) };
}
