import { useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { request } from '../api/client';
import type { FunctionSummary } from '../live/summary';
import { goTo, route } from '../route';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import { tellDone, tellFailed } from '../ui/toasts';
import { useIsThere } from '../ui/use-is-there';

export interface FunctionDialogProps {
  readonly fn: FunctionSummary;
  readonly onClose: () => void;
}

/** Deletes a function, once its name has been typed. */
export function DeleteDialog({ fn, onClose }: FunctionDialogProps) {
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const isThere = useIsThere();
  const send = async (event: Event) => {
    event.preventDefault();
    if (typed !== fn.name) return setProblem(`Type ${fn.name} to delete it.`);
    setBusy(true);
    try {
      await request('DELETE', 'system/functions', { body: { functionName: fn.name, namespace: fn.namespace } });
      tellDone(`${fn.name} is being deleted.`);
      // Who has closed the dialog, or the page, is somewhere else by now.
      if (!isThere() || route.value.page !== 'function' || route.value.key !== fn.key) return;
      onClose();
      goTo('#/');
    } catch (error) {
      const said = `${fn.name} was not deleted: ${messageOf(error)}.`;
      if (!isThere()) return tellFailed(said);
      setProblem(said);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Delete ${fn.name}?`} onClose={onClose}>
      <form class="stack" onSubmit={send}>
        <p>Calls that run end first; new ones get 404. Its dead letters and secrets stay. This cannot be undone.</p>
        {problem !== undefined && <Notice kind="error">{problem}</Notice>}
        <TextField label={`Type the name, ${fn.name}, to confirm`} value={typed} onInput={setTyped} />
        <div class="dialog-foot">
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" type="submit" busy={busy}>
            Delete
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
