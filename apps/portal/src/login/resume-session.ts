import { gatewayUrl } from '../api/client';
import { hasDraft } from '../deploy/draft';

/** When this window was last loaded again for a session; of this window alone. */
const RESUMED = 'shoal.resumed';
const RESUME_AGAIN_MS = 60_000;

/**
 * Lets in who is signed in after all: looks now, and whenever somebody comes back to this window. Returns what stops it.
 *
 * A browser that follows a link from another site sends no cookie with it, and the page comes without a token although
 * somebody is signed in. And all windows of a browser share one session, but each has the token that was in its page:
 * when somebody signs in at one, the others need the new one. The page has it when it is asked for again from here.
 */
export function resumeSession(): () => void {
  const over = new AbortController();
  const { signal } = over;
  let away = document.hidden || !document.hasFocus();
  const leave = () => void (away = true);
  const comeBack = () => {
    if (away) void reloadIfSignedIn(signal);
    away = false;
  };
  addEventListener('blur', leave, { signal });
  addEventListener('focus', comeBack, { signal });
  document.addEventListener('visibilitychange', () => (document.hidden ? leave() : comeBack()), { signal });
  if (!hasJustResumed()) void reloadIfSignedIn(signal);
  return () => over.abort();
}

async function reloadIfSignedIn(signal: AbortSignal): Promise<void> {
  const answer = await fetch(gatewayUrl('ui/session'), { cache: 'no-store', signal }).catch(() => undefined);
  // What was typed would be lost: whoever has typed it logs in here, and finds it again.
  if (!answer?.ok || signal.aborted || hasDraft()) return;
  sessionStorage.setItem(RESUMED, String(Date.now()));
  location.reload();
}

/** Then it does not try again by itself: were it let in nowhere but here, it would reload for ever. */
function hasJustResumed(): boolean {
  return Date.now() - Number(sessionStorage.getItem(RESUMED) ?? 0) < RESUME_AGAIN_MS;
}
