import { formatBytes } from '../ui/numbers';
import { Choice } from './choice';
import { contentTypeOf, takesBody, type DraftBody } from './draft';
import { JsonEditor } from './json-editor';
import type { Trial } from './trial';

const KINDS: readonly (readonly [DraftBody, string])[] = [
  ['none', 'No body'],
  ['text', 'Text'],
  ['json', 'JSON'],
  ['file', 'File'],
];

/** What is sent with the call. */
export function BodyField({ trial }: { readonly trial: Trial }) {
  const draft = trial.draft.value;
  if (!takesBody(draft)) return <p class="field-hint">A browser sends no body with {draft.method}.</p>;
  const { bodyKind, file } = draft;
  const type = contentTypeOf(draft);
  const isOwn = draft.headers.some(({ name }) => name.trim().toLowerCase() === 'content-type');
  return (
    <div class="stack tight">
      <Choice label="Kind of body" value={bodyKind} options={KINDS} onChange={(next) => trial.change({ bodyKind: next })} />
      {bodyKind === 'text' && <textarea aria-label="Body" rows={6} value={draft.text} spellcheck={false} onInput={({ currentTarget }) => trial.change({ text: currentTarget.value })} />}
      {bodyKind === 'json' && <JsonEditor label="Body" value={draft.json} onInput={(json) => trial.change({ json })} />}
      {bodyKind === 'file' && (
        <div class="try-file">
          {/* Who comes back from another tab finds the file, but a file field cannot be filled in. */}
          <input type="file" aria-label="File to send" onChange={({ currentTarget }) => chosen(trial, currentTarget.files?.[0])} />
          <p class="field-hint" role="status">{file ? `${file.name}, ${formatBytes(file.size)}` : 'Its bytes are sent as they are.'}</p>
        </div>
      )}
      {type !== undefined && !isOwn && (
        <p class="field-hint">
          Sent as <code>{type}</code>; a header Content-Type says otherwise.
        </p>
      )}
    </div>
  );
}

function chosen(trial: Trial, file: File | undefined): void {
  const { file: _before, ...rest } = trial.draft.value;
  trial.draft.value = file ? { ...rest, file } : rest;
}
