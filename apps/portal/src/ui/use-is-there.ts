import { useCallback, useEffect, useRef } from 'preact/hooks';

/** Tells, also after a wait, whether the component is still on the page: what came to it later has to be told elsewhere. */
export function useIsThere(): () => boolean {
  const there = useRef(true);
  useEffect(() => () => void (there.current = false), []);
  return useCallback(() => there.current, []);
}
