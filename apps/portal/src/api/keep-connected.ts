import { ApiError, messageOf } from './api-error';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** A page that is hidden for longer gives its connections back: a browser has six for a gateway, and all its tabs share them. */
const HIDDEN_MS = 20_000;

export interface KeepConnectedOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told why there is no connection at the moment, and with `undefined` that there is one. */
  readonly onState: (problem: string | undefined) => void;
}

/**
 * Connects to the gateway, and again when that breaks off, later and later, until `signal` or until nobody is signed in. Rests
 * while the page is hidden.
 *
 * @param connect resolves when the gateway has ended the connection; calls `connected` when there is one.
 */
export async function keepConnected({ signal, onState }: KeepConnectedOptions, connect: (signal: AbortSignal, connected: () => void) => Promise<void>): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  const connected = () => {
    retryMs = FIRST_RETRY_MS;
    onState(undefined);
  };
  while (!signal.aborted) {
    const unseen = abortWhenHidden();
    try {
      await connect(AbortSignal.any([signal, unseen.signal]), connected);
      // The gateway ends streams now and then on purpose; a problem is only when there is no other.
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status === 401)) return;
      if (!unseen.signal.aborted) onState(error instanceof ApiError ? messageOf(error) : 'the connection to the gateway has broken off');
    } finally {
      unseen.dispose();
    }
    if (unseen.signal.aborted) await seen(signal);
    else await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }
}

function abortWhenHidden(): { readonly signal: AbortSignal; readonly dispose: () => void } {
  const ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => ending.abort(), HIDDEN_MS);
  };
  document.addEventListener('visibilitychange', look);
  look();
  const dispose = () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
  };
  return { signal: ending.signal, dispose };
}

/** Resolves when the page is seen, or `signal` is aborted. */
function seen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      over.abort();
      resolve();
    };
    document.addEventListener('visibilitychange', look, { signal: over.signal });
    signal.addEventListener('abort', look, { signal: over.signal });
    look();
  });
}

/** Ends early when `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
