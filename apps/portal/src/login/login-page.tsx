import './login-page.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, messageOf } from '../api/api-error';
import { gatewayUrl } from '../api/client';
import { session } from '../session';
import { Button } from '../ui/button';
import { TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import { logIn } from './log-in';
import { resumeSession } from './resume-session';

/** Asks for user and password. */
export function LoginPage() {
  const [user, setUser] = useState('admin');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const focusPassword = () => form.current?.querySelector<HTMLInputElement>('[name="password"]')?.focus();
  useEffect(() => {
    document.title = 'Log in · Shoal';
    focusPassword();
  }, []);
  useEffect(resumeSession, []);
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await logIn(user, password);
      goOn();
    } catch (error) {
      setProblem(explain(error));
      setPassword('');
      setBusy(false);
      focusPassword();
    }
  };
  return (
    <main class="login">
      <form class="card stack" ref={form} onSubmit={send}>
        <div class="login-brand">
          <img src="logo.svg" alt="" width="64" height="64" />
          <h1>Log in to Shoal</h1>
        </div>
        {problem !== undefined && <Notice kind="error">{problem}</Notice>}
        {problem === undefined && session.value === 'ended' && <Notice>Your session is over. Log in again to go on where you were.</Notice>}
        <TextField label="User" name="user" value={user} onInput={setUser} autocomplete="username" required />
        <TextField label="Password" name="password" type="password" value={password} onInput={setPassword} autocomplete="current-password" required />
        <Button kind="primary" type="submit" busy={busy}>
          {busy ? 'Checking…' : 'Log in'}
        </Button>
        <p class="quiet login-hint">
          The gateway printed the password once, at its first start. If it is lost, delete <code>admin.json</code> in the gateway's data folder and start it again: it makes a new one.
        </p>
      </form>
    </main>
  );
}

/** Somebody who came for another page of the gateway is sent there. */
function goOn(): void {
  const next = new URLSearchParams(location.search).get('next');
  if (next === '/docs' || next === '/openapi.json') location.replace(gatewayUrl(next.slice(1)));
}

function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return messageOf(error);
  if (error.status === 401) return 'User or password is wrong. Each further try takes longer.';
  if (error.status === 429) return 'Too many tries at a time. Wait a moment, then try again.';
  return `Logging in failed: ${error.message}.`;
}
