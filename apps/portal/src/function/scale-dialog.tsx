import { MAX_REPLICAS } from '@shoal/domain/scaling/scaling-policy';
import { useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { request } from '../api/client';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextField } from '../ui/field';
import { tellDone } from '../ui/toasts';
import { plural } from '../ui/words';
import type { FunctionDialogProps } from './delete-dialog';

/** Sets the replicas of a function by hand. */
export function ScaleDialog({ fn, onClose }: FunctionDialogProps) {
  const [text, setText] = useState(String(fn.replicas));
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    const replicas = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    if (!(replicas <= MAX_REPLICAS)) return setProblem(`Enter a whole number from 0 to ${MAX_REPLICAS}.`);
    setBusy(true);
    try {
      await request('POST', `system/scale-function/${encodeURIComponent(fn.name)}?namespace=${encodeURIComponent(fn.namespace)}`, { body: { serviceName: fn.name, replicas } });
      tellDone(replicas === 0 ? `${fn.name} goes to sleep.` : `${fn.name} goes to ${plural(replicas, 'replica')}.`);
      onClose();
    } catch (error) {
      setProblem(`It was not scaled: ${messageOf(error)}.`);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Scale ${fn.name}`} onClose={onClose}>
      <form class="stack" onSubmit={send}>
        <TextField label="Replicas" type="number" value={text} onInput={setText} error={problem} hint="0 puts it to sleep until somebody calls. Its scaling policy goes on from there, within its minimum and maximum." />
        <div class="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Scale
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
