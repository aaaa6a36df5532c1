import { gatewayUrl } from '../api/client';
import { session } from '../session';

/**
 * A browser that follows a link from another site sends no cookie with it, and the page comes without a token although
 * somebody is signed in. Asked for again from here, it has one.
 */
export async function resumeSession(): Promise<void> {
  if (session.value === 'in' || isReloaded()) return;
  const answer = await fetch(gatewayUrl('ui/session'), { cache: 'no-store' }).catch(() => undefined);
  if (answer?.ok) location.reload();
}

/** Once is enough. */
function isReloaded(): boolean {
  return performance.getEntriesByType('navigation').some((entry) => (entry as PerformanceNavigationTiming).type === 'reload');
}
