/** By this label Swarm's secrets and configs are known as ours, as they are to tools for OpenFaaS. */
export const OWNER_LABEL = 'com.openfaas.owner';
export const OWNER = 'openfaas';

/** Lets a map of one's own lie among labels: each name behind `prefix`. */
export function prefixed(map: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [prefix + key, value]));
}

/** The map that lies behind `prefix` among labels. */
export function unprefixed(labels: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const own = Object.entries(labels).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]): [string, string] => [key.slice(prefix.length), value]));
}
