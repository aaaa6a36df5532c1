import { useCallback, useEffect, useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';

export interface Resource<T> {
  /** What was read last; stays while it is read again. */
  readonly value: T | undefined;
  /** Why the last reading failed. */
  readonly error: string | undefined;
  readonly reload: () => void;
}

/**
 * Reads something from the gateway when `key` changes and, when `everyMs` is given, again and again while the page is seen.
 * A reading that is overtaken is broken off.
 */
export function useResource<T>(key: string, read: (signal: AbortSignal) => Promise<T>, everyMs?: number): Resource<T> {
  const [state, setState] = useState<{ key: string; value?: T; error?: string }>({ key });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const reading = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async () => {
      try {
        const value = await read(reading.signal);
        if (!reading.signal.aborted) setState({ key, value });
      } catch (error) {
        if (!reading.signal.aborted) setState((before) => ({ ...(before.key === key ? before : { key }), error: messageOf(error) }));
      }
      if (everyMs !== undefined && !reading.signal.aborted) timer = setTimeout(next, everyMs);
    };
    const next = () => void (document.hidden ? (timer = setTimeout(next, everyMs)) : once());
    void once();
    return () => {
      reading.abort();
      clearTimeout(timer);
    };
  }, [key, round, everyMs]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const current = state.key === key ? state : undefined;
  return { value: current?.value, error: current?.error, reload };
}
