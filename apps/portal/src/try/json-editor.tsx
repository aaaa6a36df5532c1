import './json-editor.css';
import { Braces } from 'lucide';
import { useId, useMemo } from 'preact/hooks';
import { Button } from '../ui/button';
import { JsonCode } from './json-code';
import { formatJson, jsonProblem } from './json-text';

/** Longer texts are not checked at each key; they are sent all the same. */
const MAX_CHECKED_LENGTH = 300_000;

export interface JsonEditorProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

/** JSON, checked while it is typed. The text field lies, unseen but for its caret, on the same text in colours. */
export function JsonEditor({ label, value, onInput }: JsonEditorProps) {
  const id = useId();
  const isLong = value.length > MAX_CHECKED_LENGTH;
  const problem = useMemo(() => (isLong || value.trim() === '' ? undefined : jsonProblem(value)), [value]);
  return (
    <div class="stack tight">
      <div class="json-editor">
        <div class="json-editor-text">
          <pre aria-hidden="true">
            {isLong ? value : <JsonCode text={value} />}
            {/* A line break at the end has no height of its own. */}
            {'\n'}
          </pre>
          <textarea aria-label={label} aria-describedby={id} aria-invalid={problem ? true : undefined} value={value} spellcheck={false} autocomplete="off" autocapitalize="none" onInput={({ currentTarget }) => onInput(currentTarget.value)} />
        </div>
      </div>
      <div class="row json-editor-foot">
        <p id={id} class={`grow break ${problem ? 'field-error' : 'field-hint'}`} role="status">
          {stateOf(value, isLong, problem)}
        </p>
        <Button kind="quiet" icon={Braces} disabled={isLong || problem !== undefined || value.trim() === ''} onClick={() => onInput(formatJson(value))}>
          Format
        </Button>
      </div>
    </div>
  );
}

function stateOf(value: string, isLong: boolean, problem: ReturnType<typeof jsonProblem>): string {
  if (problem) return `Line ${problem.line}, column ${problem.column}: ${problem.message}.`;
  if (isLong) return 'Too long to be checked while you type.';
  return value.trim() === '' ? 'Empty.' : 'This is valid JSON.';
}
