import { useEffect } from 'preact/hooks';
import { guardLeaving } from '../route';

/** Asks before what was typed is lost. */
export function useLeavingGuard(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    return guardLeaving('What you have changed here is not deployed yet. Leave without it?');
  }, [active]);
}
