import { RotateCw, Trash2 } from 'lucide';
import { useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import type { DeadLetter } from '../api/call-status';
import { request } from '../api/client';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Notice } from '../ui/notice';
import { tellFailed } from '../ui/toasts';
import { useIsThere } from '../ui/use-is-there';
import { useResource } from '../ui/use-resource';
import { CallFacts } from './call-facts';
import { actOnLetter, letterPath, type LetterAction } from './letter-actions';

export interface LetterDialogProps {
  readonly id: string;
  readonly onClose: () => void;
  /** It has been sent again, or forgotten. */
  readonly onDone: () => void;
}

/** All about one dead letter. */
export function LetterDialog({ id, onClose, onDone }: LetterDialogProps) {
  const { value, error } = useResource(id, (signal) => request<DeadLetter>('GET', letterPath(id), { signal }));
  const [busy, setBusy] = useState<LetterAction>();
  const [problem, setProblem] = useState<string>();
  const isThere = useIsThere();
  const act = async (what: LetterAction) => {
    setBusy(what);
    setProblem(undefined);
    try {
      await actOnLetter(what, id);
      onDone();
    } catch (thrown) {
      if (!isThere()) return tellFailed(`That did not work: ${messageOf(thrown)}.`);
      setProblem(messageOf(thrown));
      setBusy(undefined);
    }
  };
  return (
    <Dialog title="Dead letter" onClose={onClose}>
      {error !== undefined && <Notice kind="error">It cannot be read: {error}.</Notice>}
      {value === undefined ? error === undefined && <p class="loading">Loading…</p> : <CallFacts call={value} />}
      {problem !== undefined && <Notice kind="error">That did not work: {problem}.</Notice>}
      <div class="dialog-foot">
        <Button kind="danger" icon={Trash2} busy={busy === 'purge'} disabled={busy === 'redrive'} onClick={() => act('purge')}>
          Forget
        </Button>
        <Button kind="primary" icon={RotateCw} busy={busy === 'redrive'} disabled={busy === 'purge'} onClick={() => act('redrive')}>
          Send again
        </Button>
      </div>
    </Dialog>
  );
}
