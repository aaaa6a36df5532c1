import './header.css';
import { BookOpen, KeyRound, LogOut, Store, Waves } from 'lucide';
import { disconnected, platform } from './live/live';
import { logOut } from './login/log-in';
import { route, type Route } from './route';
import { canLogOut } from './session';
import { Button } from './ui/button';
import { Icon } from './ui/icon';
import logo from './ui/logo.svg';
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
      <a class="brand" href="#/">
        <img src={logo} alt="" width="34" height="34" />
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
    </header>
  );
}

function isOneOf({ page }: Route, pages: readonly Route['page'][]): boolean {
  return pages.includes(page);
}

/** The platform in one line; what is wrong with it below. */
function Health() {
  const status = platform.value;
  const lost = disconnected.value;
  const state = lost !== undefined ? 'bad' : status === undefined ? 'unknown' : status.ready ? 'good' : 'bad';
  const word = lost !== undefined ? 'disconnected' : status === undefined ? 'connecting' : status.ready ? 'healthy' : 'unhealthy';
  return (
    <>
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
      {lost !== undefined && (
        <p class="header-banner" role="alert">
          Not up to date: {lost}. Trying again.
        </p>
      )}
      {lost === undefined && status?.ready === false && (
        <p class="header-banner" role="alert">
          Functions cannot be served: {status.because ?? 'the gateway does not say why'}.
        </p>
      )}
    </>
  );
}
