/** Where servers are, and what was written there that nobody else should read. */
export interface ServerAddress {
  readonly hosts: readonly string[];
  /** For people: the hosts, without credentials. */
  readonly text: string;
  readonly user?: string;
  readonly pass?: string;
}

/** Of `nats://user:pass@host:4222,other:4222`; the client itself does not take credentials from an address. */
export function parseServers(servers: string): ServerAddress {
  const parts = servers.split(',').map((part) => part.trim()).filter((part) => part !== '');
  const hosts = parts.map((part) => part.slice(part.lastIndexOf('@') + 1).replace(/^[a-z]+:\/\//, ''));
  const userinfo = parts.map((part) => /^(?:[a-z]+:\/\/)?(.*)@/.exec(part)?.[1]).find((found) => found !== undefined);
  const [user, ...pass] = userinfo?.split(':') ?? [];
  return {
    hosts,
    text: hosts.join(','),
    ...(user === undefined ? {} : { user: decodeURIComponent(user) }),
    ...(pass.length === 0 ? {} : { pass: decodeURIComponent(pass.join(':')) }),
  };
}
