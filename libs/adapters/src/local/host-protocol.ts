import { isAmount, isCount, isFlag, isText, listOf, optional, shape, variantOf, type Check } from '@shoal/domain/shared/shape';

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

/** What stands in URLs. */
const isWord: Check = (value) => typeof value === 'string' && /^\w+$/.test(value);
const isPort: Check = (value) => isCount(value) && Number(value) > 0 && Number(value) < 65_536;
const isMessage = variantOf('type', {
  alive: () => true,
  listening: shape({ port: isPort, token: isWord }),
  removed: shape({ key: isText }),
  state: shape({ key: isText, generation: isCount, ready: listOf(shape({ id: isWord, maxInflight: isAmount })), updating: optional(isFlag), failure: optional(isText) }),
} satisfies Record<FromHost['type'], Check>);

/** Whether a host has said this: one that is of another version, or in disorder, may say anything. */
export function isFromHost(message: unknown): message is FromHost {
  return isMessage(message);
}

export const ALIVE_MS = 1_000;

/** One line of `GET /<token>/logs/?key=…[&sinceMs=…][&tail=…][&instance=…]&follow=true|false`, newline-delimited JSON. */
export interface HostLogLine {
  readonly timestamp: string;
  readonly instance: string;
  readonly text: string;
}
