import { Search } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { request } from '../api/client';
import { functionHref, route } from '../route';
import { Button } from '../ui/button';
import { TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import { tellDone, tellFailed } from '../ui/toasts';
import { useResource } from '../ui/use-resource';
import { CallFacts } from './call-facts';
import { isEnded, type CallStatus } from './call-status';

const CALL_EVERY_MS = 1_000;

/** Finds an asynchronous call by its id, and shows it until it has ended. */
export function CallLookup() {
  // Links from elsewhere name one.
  const named = (route.value.page === 'function' && route.value.call) || '';
  const [text, setText] = useState(named);
  const [id, setId] = useState(named);
  useEffect(() => {
    setText(named);
    setId(named);
  }, [named]);
  const submit = (event: Event) => {
    event.preventDefault();
    setId(text.trim());
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
      {id !== '' && <FoundCall key={id} id={id} />}
    </section>
  );
}

function FoundCall({ id }: { readonly id: string }) {
  const [ended, setEnded] = useState(false);
  const path = `async-function/calls/${encodeURIComponent(id)}`;
  const read = async (signal: AbortSignal) => {
    const call = await request<CallStatus>('GET', path, { signal });
    setEnded(isEnded(call));
    return call;
  };
  const { value: call, error, reload } = useResource(path, read, ended ? undefined : CALL_EVERY_MS);
  const cancel = async () => {
    try {
      await request('DELETE', path);
      tellDone('The call is cancelled.');
    } catch (problem) {
      tellFailed(`It was not cancelled: ${messageOf(problem)}.`);
    }
    reload();
  };
  if (error !== undefined) return <Notice kind="error">{`${error}. Calls that ended long ago are forgotten.`}</Notice>;
  if (call === undefined) return <p class="loading">Loading…</p>;
  return (
    <div class="stack tight" role="status">
      <CallFacts call={call} />
      <div class="row">
        <a href={functionHref(call.function, 'logs', call.id)}>Its lines in the log</a>
        {!isEnded(call) && <Button onClick={cancel}>Cancel the call</Button>}
      </div>
    </div>
  );
}
