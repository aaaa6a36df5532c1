import { useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { request } from '../api/client';
import type { FunctionSummary } from '../live/summary';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Notice } from '../ui/notice';
import { tellDone, tellFailed } from '../ui/toasts';
import { useIsThere } from '../ui/use-is-there';
import type { LetterAction } from './letter-actions';

export interface AllLettersDialogProps {
  readonly fn: FunctionSummary;
  readonly what: LetterAction;
  readonly total: number;
  readonly onClose: () => void;
  /** They have been sent again, or forgotten. */
  readonly onDone: () => void;
}

/** Sends all dead letters of a function again, or forgets them, once that is confirmed. */
export function AllLettersDialog({ fn, what, total, onClose, onDone }: AllLettersDialogProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isThere = useIsThere();
  const again = what === 'redrive';
  const send = async () => {
    setBusy(true);
    const query = new URLSearchParams({ function: fn.key });
    try {
      const { calls } = again ? await request<{ calls: number }>('POST', `system/queue/dead/redrive?${query}`) : await request<{ calls: number }>('DELETE', `system/queue/dead?${query}`);
      tellDone(`${calls.toLocaleString('en-US')} ${calls === 1 ? 'call is' : 'calls are'} ${again ? 'sent again' : 'forgotten'}.`);
      onDone();
    } catch (error) {
      if (!isThere()) return tellFailed(`That did not work: ${messageOf(error)}.`);
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  const letters = total === 1 ? 'the dead letter' : `all ${total.toLocaleString('en-US')} dead letters`;
  return (
    <Dialog title={again ? `Send ${letters} again?` : `Forget ${letters}?`} onClose={onClose}>
      <p>{again ? `They are queued for ${fn.name} as new calls, with all their attempts before them.` : `What they were, and what ${fn.name} answered, is gone then. This cannot be undone.`}</p>
      {problem !== undefined && <Notice kind="error">That did not work: {problem}.</Notice>}
      <div class="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind={again ? 'primary' : 'danger'} busy={busy} onClick={send}>
          {again ? 'Send again' : 'Forget'}
        </Button>
      </div>
    </Dialog>
  );
}
