/**
 * What the local provider and the function host say to each other, as JSON over the host's IPC channel. The provider
 * states what ought to be; the host makes it so, and tells whenever something has changed. When the channel ends, so
 * does the host, with all that it runs.
 */
export type ToHost =
  | {
      readonly type: 'put';
      readonly key: string;
      /** A higher one replaces the function; the same one changes `replicas` only. */
      readonly generation: number;
      /** The whole environment of its processes, the watchdog's settings among it. */
      readonly env: Readonly<Record<string, string>>;
      /** Instead of the command in `env.fprocess`, when that could not say it. */
      readonly argv?: readonly string[];
      readonly cwd: string;
      readonly replicas: number;
    }
  | { readonly type: 'remove'; readonly key: string };

export type FromHost =
  /** Comes every `ALIVE_MS`. */
  | { readonly type: 'alive' }
  | {
      readonly type: 'listening';
      readonly port: number;
      /** First segment of every path: without it, nobody else on this machine can call. */
      readonly token: string;
    }
  | {
      readonly type: 'state';
      readonly key: string;
      readonly generation: number;
      /** Those that can take calls. */
      readonly ready: readonly { readonly id: string; readonly maxInflight: number }[];
      /** Whether some of these are of a generation before, because none of this one is ready yet. */
      readonly updating?: boolean;
      /** Why fewer than asked for are ready, or an update does not get on. */
      readonly failure?: string;
    }
  /** All that ran of a function that was removed has ended. */
  | { readonly type: 'removed'; readonly key: string };

/** Whether a host has said this: one that is of another version, or in disorder, may say anything. */
export function isFromHost(message: unknown): message is FromHost {
  if (typeof message !== 'object' || message === null) return false;
  const { type, key, generation, ready, updating, failure, port, token } = message as Readonly<Record<string, unknown>>;
  switch (type) {
    case 'alive':
      return true;
    case 'listening':
      return Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536 && typeof token === 'string' && /^\w+$/.test(token);
    case 'removed':
      return typeof key === 'string';
    case 'state': {
      const areReplicas = Array.isArray(ready) && ready.every((one: unknown) => isReplica(one));
      return typeof key === 'string' && Number.isInteger(generation) && areReplicas && ['boolean', 'undefined'].includes(typeof updating) && ['string', 'undefined'].includes(typeof failure);
    }
    default:
      return false;
  }
}

function isReplica(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { id, maxInflight } = value as Readonly<Record<string, unknown>>;
  return typeof id === 'string' && /^\w+$/.test(id) && typeof maxInflight === 'number' && maxInflight >= 0;
}

export const ALIVE_MS = 1_000;

/** One line of `GET /<token>/logs/?key=…[&sinceMs=…][&tail=…][&instance=…]&follow=true|false`, newline-delimited JSON. */
export interface HostLogLine {
  readonly timestamp: string;
  readonly instance: string;
  readonly text: string;
}
