import { Search } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, messageOf } from '../api/api-error';
import { callPath, hasEnded, type CallStatus } from '../api/call-status';
import { request } from '../api/client';
import { functionHref, route } from '../route';
import { Button } from '../ui/button';
import { TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import { tellDone, tellFailed } from '../ui/toasts';
import { useResource } from '../ui/use-resource';
import { CallFacts } from './call-facts';

const CALL_EVERY_MS = 1_000;

/** Finds an asynchronous call by its id, and shows it until it has ended. */
export function CallLookup() {
  // Links from elsewhere name one.
  const named = (route.value.page === 'function' && route.value.call) || '';
  const [text, setText] = useState(named);
  /** Another object each time somebody asks, for the same id too. */
  const [asked, setAsked] = useState({ id: named, times: 0 });
  const ask = (id: string) => setAsked(({ times }) => ({ id, times: times + 1 }));
  useEffect(() => {
    setText(named);
    ask(named);
  }, [named]);
  const submit = (event: Event) => {
    event.preventDefault();
    ask(text.trim());
  };
  return (
    <section class="card stack">
      <h2>Look up a call</h2>
      <form class="queue-lookup" onSubmit={submit}>
        <TextField label="Call id" value={text} onInput={setText} placeholder="From X-Call-Id of the answer" />
        <Button type="submit" icon={Search}>
          Look up
        </Button>
      </form>
      {asked.id !== '' && <FoundCall key={asked.times} id={asked.id} />}
    </section>
  );
}

function FoundCall({ id }: { readonly id: string }) {
  /** `over` and `unknown` stay as they are, so it is asked for no more. */
  const [state, setState] = useState<'going' | 'over' | 'unknown'>('going');
  const path = callPath(id);
  const read = async (signal: AbortSignal) => {
    try {
      const call = await request<CallStatus>('GET', path, { signal });
      setState(hasEnded(call) ? 'over' : 'going');
      return call;
    } catch (problem) {
      if (problem instanceof ApiError && problem.status === 404) setState('unknown');
      throw problem;
    }
  };
  const { value: call, error, reload } = useResource(path, read, state === 'going' ? CALL_EVERY_MS : undefined);
  const cancel = async () => {
    try {
      await request('DELETE', path);
      tellDone('The call is cancelled.');
    } catch (problem) {
      tellFailed(`It was not cancelled: ${messageOf(problem)}.`);
    }
    reload();
  };
  if (error !== undefined) return <Notice kind="error">{`${error}.${state === 'unknown' ? ' Calls that ended long ago are forgotten.' : ''}`}</Notice>;
  if (call === undefined) return <p class="loading">Loading…</p>;
  return (
    <div class="stack tight" role="status">
      <CallFacts call={call} />
      <div class="row">
        <a href={functionHref(call.function, 'logs', call.id)}>Its lines in the log</a>
        {!hasEnded(call) && <Button onClick={cancel}>Cancel the call</Button>}
      </div>
    </div>
  );
}
