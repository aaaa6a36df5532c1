import { parseSecretName } from '@shoal/domain/functions/function-spec';
import { MAX_SECRET_BYTES } from '@shoal/domain/secrets/secrets';
import { useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field, TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import { formatBytes } from '../ui/numbers';
import { saveSecret, type SecretValue } from './secrets-api';

export interface SecretDialogProps {
  readonly namespace: string;
  /** The secret that gets another value; without, a new one is made. */
  readonly replaces?: string;
  readonly onClose: () => void;
  readonly onDone: (name: string) => void;
}

/** Makes a secret, or gives one another value. */
export function SecretDialog({ namespace, replaces, onClose, onDone }: SecretDialogProps) {
  const [name, setName] = useState(replaces ?? '');
  const [from, setFrom] = useState<'text' | 'file'>('text');
  const [text, setText] = useState('');
  const [file, setFile] = useState<File>();
  const [tried, setTried] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);

  const nameProblem = problemOfName(name);
  const tooLong = file !== undefined && file.size > MAX_SECRET_BYTES ? `The file has ${formatBytes(file.size)}; a secret has ${formatBytes(MAX_SECRET_BYTES)} at most.` : undefined;
  const valueProblem = from === 'text' ? (text === '' ? 'Enter a value.' : undefined) : file === undefined ? 'Choose a file.' : file.size === 0 ? 'The file is empty.' : tooLong;
  const send = async (event: Event) => {
    event.preventDefault();
    // It may be open above another form.
    event.stopPropagation();
    setTried(true);
    if (nameProblem !== undefined || valueProblem !== undefined) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await saveSecret(name, from === 'text' ? { value: text } : await bytesOf(file!), { namespace, replaces: replaces !== undefined });
      onDone(name);
    } catch (error) {
      setFailure(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={replaces === undefined ? `New secret in ${namespace}` : `Replace ${replaces}`} onClose={onClose}>
      <form class="stack" onSubmit={send}>
        {failure !== undefined && <Notice kind="error">It was not saved: {failure}.</Notice>}
        {replaces === undefined && <TextField label="Secret name" value={name} onInput={setName} error={tried || name !== '' ? nameProblem : undefined} hint="Functions find it as a file of this name." />}
        <fieldset class="row" aria-label="Where the value comes from">
          <label class="check">
            <input type="radio" name="from" checked={from === 'text'} onChange={() => setFrom('text')} /> <span>Text</span>
          </label>
          <label class="check">
            <input type="radio" name="from" checked={from === 'file'} onChange={() => setFrom('file')} /> <span>File</span>
          </label>
        </fieldset>
        {from === 'text' ? (
          <Field label="Value" error={tried ? valueProblem : undefined}>
            {(attributes) => <textarea {...attributes} class="secret-value" rows={3} autocomplete="off" spellcheck={false} value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />}
          </Field>
        ) : (
          <Field label="File" error={tried || tooLong ? valueProblem : undefined}>
            {(attributes) => <input {...attributes} type="file" onChange={({ currentTarget }) => setFile(currentTarget.files?.[0])} />}
          </Field>
        )}
        <p class="field-hint">
          {replaces === undefined ? 'Nobody can read the value here afterwards; it can be replaced.' : 'The value that it has is not shown, and is gone afterwards. Functions get the new one.'}
        </p>
        <div class="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {replaces === undefined ? 'Create' : 'Replace'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** By the rule that the gateway has. */
function problemOfName(name: string): string | undefined {
  try {
    parseSecretName(name, 'The name');
    return undefined;
  } catch (error) {
    return `${messageOf(error)}.`;
  }
}

async function bytesOf(file: File): Promise<SecretValue> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error('the file cannot be read'));
    reader.readAsDataURL(file);
  });
  return { rawValue: url.slice(url.indexOf(',') + 1) };
}
