import { RotateCw, Trash2 } from 'lucide';
import { useState } from 'preact/hooks';
import { outcomeInWords, type CallStatus } from '../api/call-status';
import { messageOf } from '../api/api-error';
import { serverNowMs } from '../api/server-clock';
import { Button } from '../ui/button';
import { formatAgo } from '../ui/numbers';
import { tellFailed } from '../ui/toasts';
import { noun } from '../ui/words';
import { actOnLetter, type LetterAction } from './letter-actions';

export interface LettersTableProps {
  readonly letters: readonly CallStatus[];
  readonly onOpen: (id: string) => void;
  /** One has been sent again or forgotten, or that did not work. */
  readonly onChange: () => void;
}

/** A page of dead letters. */
export function LettersTable({ letters, onOpen, onChange }: LettersTableProps) {
  return (
    <table class="queue-letters">
      <thead>
        <tr>
          <th scope="col">Call</th>
          <th scope="col">Failed</th>
          <th scope="col">Attempts</th>
          <th scope="col">Outcome</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {letters.map((letter) => (
          // One that was sent again and has failed again has its id still, and is another row.
          <Row key={`${letter.id} ${letter.endedAt}`} letter={letter} onOpen={onOpen} onChange={onChange} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ letter, onOpen, onChange }: Omit<LettersTableProps, 'letters'> & { readonly letter: CallStatus }) {
  /** Stays when it is done, until the row goes. */
  const [busy, setBusy] = useState<LetterAction>();
  const { id, endedAt, attempts } = letter;
  const act = async (what: LetterAction) => {
    setBusy(what);
    try {
      await actOnLetter(what, id);
    } catch (error) {
      tellFailed(`That did not work: ${messageOf(error)}.`);
      setBusy(undefined);
    }
    onChange();
  };
  const button = (what: LetterAction, attributes: { readonly title: string; readonly 'aria-label': string }) => (
    <Button {...attributes} kind="quiet" icon={what === 'redrive' ? RotateCw : Trash2} busy={busy === what} disabled={busy !== undefined && busy !== what} onClick={() => act(what)} />
  );
  return (
    <tr>
      <td class="queue-id">
        <button type="button" class="queue-open mono cut" title={id} onClick={() => onOpen(id)}>
          {id}
        </button>
      </td>
      <td class="queue-when" title={endedAt}>
        {endedAt === undefined ? '–' : formatAgo(Date.parse(endedAt), serverNowMs())}
      </td>
      <td class="queue-attempts numbers">
        {attempts}
        <span class="queue-small"> {noun(attempts, 'attempt')}</span>
      </td>
      <td class="queue-why break">{outcomeInWords(letter)}</td>
      <td class="queue-actions">
        {button('redrive', { 'title': 'Send again', 'aria-label': `Send ${id} again` })}
        {button('purge', { 'title': 'Forget', 'aria-label': `Forget ${id}` })}
      </td>
    </tr>
  );
}
