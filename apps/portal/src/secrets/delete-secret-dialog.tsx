import { useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Notice } from '../ui/notice';
import { removeSecret } from './secrets-api';

export interface DeleteSecretDialogProps {
  readonly namespace: string;
  readonly name: string;
  /** Functions that read it; as long as there are any, the gateway keeps it. */
  readonly users: readonly string[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function DeleteSecretDialog({ namespace, name, users, onClose, onDone }: DeleteSecretDialogProps) {
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      await removeSecret(name, namespace);
      onDone();
    } catch (error) {
      setFailure(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Delete ${name}`} onClose={onClose}>
      {failure !== undefined && <Notice kind="error">It was not deleted: {failure}.</Notice>}
      {users.length > 0 && failure === undefined && <Notice kind="warning">Read by {users.join(', ')}. It can only be deleted when no function names it any more.</Notice>}
      <p>Its value is gone then, and cannot be brought back.</p>
      <div class="dialog-foot">
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" busy={busy} onClick={remove}>
          Delete
        </Button>
      </div>
    </Dialog>
  );
}
