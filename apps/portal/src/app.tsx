import './app.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { FunctionsPage } from './functions/functions-page';
import { Header } from './header';
import { followEvents, platform } from './live/live';
import { LoginPage } from './login/login-page';
import { route, type Route } from './route';
import { session } from './session';
import { Empty } from './ui/empty';
import { lazyPage } from './ui/lazy-page';
import { Toasts } from './ui/toasts';

const FunctionPage = lazyPage(() => import('./function/function-page').then((module) => module.FunctionPage));
const DeployPage = lazyPage(() => import('./deploy/deploy-page').then((module) => module.DeployPage));
const StorePage = lazyPage(() => import('./store/store-page').then((module) => module.StorePage));
const SecretsPage = lazyPage(() => import('./secrets/secrets-page').then((module) => module.SecretsPage));

/** Who is not signed in sees the login page, whatever the address; the address stays for afterwards. */
export function App() {
  return (
    <>
      {session.value === 'in' ? <SignedIn /> : <LoginPage />}
      <Toasts />
    </>
  );
}

function SignedIn() {
  useEffect(() => {
    const leaving = new AbortController();
    void followEvents(leaving.signal);
    return () => leaving.abort();
  }, []);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const to = route.value;
  const name = nameOf(to);
  useEffect(() => void (document.title = name === '' ? 'Shoal' : `${name} · Shoal`), [name]);
  useLayoutEffect(() => {
    // Another page: the focus goes there, so that a screen reader reads on from it. The list knows its own place.
    if (!first.current) main.current?.focus({ preventScroll: true });
    if (!first.current && to.page !== 'functions') scrollTo(0, 0);
    first.current = false;
  }, [addressOf(to)]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the page
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1}>
        {pageOf(to)}
      </main>
      {platform.value?.provider === 'local' && (
        <footer class="page-foot quiet">Functions are ordinary processes of this machine here, without a sandbox: deploy only code that you trust.</footer>
      )}
    </>
  );
}

function pageOf(to: Route): ComponentChildren {
  switch (to.page) {
    case 'functions':
      return <FunctionsPage />;
    case 'function':
      return <FunctionPage key={to.key} functionKey={to.key} tab={to.tab} />;
    case 'edit':
      return <DeployPage key={to.key} edits={to.key} />;
    case 'new':
      return <DeployPage key="new" fromStore={to.store} />;
    case 'store':
      return <StorePage />;
    case 'secrets':
      return <SecretsPage />;
    case 'unknown':
      return (
        <Empty title="There is no such page">
          <p>
            The address leads nowhere. <a href="#/">All functions</a>
          </p>
        </Empty>
      );
  }
}

function nameOf(to: Route): string {
  if ('key' in to) return to.key;
  return { functions: '', new: 'New function', store: 'Store', secrets: 'Secrets', unknown: 'Not found' }[to.page];
}

/** Tabs of one function are one page. */
function addressOf(to: Route): string {
  return 'key' in to ? `${to.page} ${to.key}` : to.page;
}
