import './header.css';
import { BookOpen, KeyRound, LogOut, Store, Waves } from 'lucide';
import { disconnected, platform } from './live/live';
import type { PlatformStatus } from './live/summary';
import { logOut } from './login/log-in';
import { route, type Route } from './route';
import { canLogOut } from './session';
import { Button } from './ui/button';
import { Icon } from './ui/icon';
import { formatCount, formatShare } from './ui/numbers';

const LINKS = [
  { href: '#/', text: 'Functions', icon: Waves, pages: ['functions', 'function', 'edit', 'new'] },
  { href: '#/store', text: 'Store', icon: Store, pages: ['store'] },
  { href: '#/secrets', text: 'Secrets', icon: KeyRound, pages: ['secrets'] },
] as const;

/** The head of every page: where one can go, and how the platform is. */
export function Header() {
  return (
    <header class="header">
      <div class="header-row">
        <a class="brand" href="#/">
          <img src="logo.svg" alt="" width="34" height="34" />
          <span>shoal</span>
        </a>
        <nav aria-label="Main">
          {LINKS.map(({ href, text, icon, pages }) => (
            <a key={href} href={href} aria-current={isOneOf(route.value, pages) ? 'page' : undefined}>
              <Icon of={icon} size={17} />
              <span>{text}</span>
            </a>
          ))}
          <a href="../docs">
            <Icon of={BookOpen} size={17} />
            <span>API</span>
          </a>
        </nav>
        <Health />
        {canLogOut && <Button kind="quiet" icon={LogOut} aria-label="Log out" title="Log out" onClick={logOut} />}
      </div>
      <Trouble />
    </header>
  );
}

function isOneOf({ page }: Route, pages: readonly Route['page'][]): boolean {
  return pages.includes(page);
}

/** The platform in one line. */
function Health() {
  const status = platform.value;
  const { state, word } = healthOf(status, disconnected.value !== undefined);
  return (
    <div class="health">
      <span class={`health-dot ${state}`} />
      <span role="status">{word}</span>
      {status && (
        <span class="health-facts numbers">
          {formatCount(status.callsPerSecond)} calls/s
          {status.callsPerSecond > 0 && status.errorRate !== undefined && ` · ${formatShare(status.errorRate)} errors`}
          {` · ${status.provider} · ${status.version}`}
        </span>
      )}
    </div>
  );
}

function healthOf(status: PlatformStatus | undefined, isLost: boolean): { readonly state: string; readonly word: string } {
  if (isLost) return { state: 'bad', word: 'disconnected' };
  if (!status) return { state: 'unknown', word: 'connecting' };
  return status.ready ? { state: 'good', word: 'healthy' } : { state: 'bad', word: 'unhealthy' };
}

/** What is wrong with the platform, when something is. */
function Trouble() {
  const status = platform.value;
  const lost = disconnected.value;
  const text =
    lost !== undefined ? `Not up to date: ${lost}. Trying again.` : status?.ready === false ? `Functions cannot be managed: ${status.because ?? 'the gateway does not say why'}.` : undefined;
  return text === undefined ? null : (
    <p class="header-trouble" role="alert">
      {text}
    </p>
  );
}
