import './field.css';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface FieldProps {
  readonly label: string;
  /** Below the control, always there. */
  readonly hint?: ComponentChildren;
  /** What is wrong with the value; announced. */
  readonly error?: string | undefined;
  /** Makes the control; it has to take these attributes on. */
  readonly children: (attributes: ControlAttributes) => ComponentChildren;
}

export interface ControlAttributes {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean | undefined;
}

/** A control with its label, a hint and what is wrong with it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': describedBy || undefined, 'aria-invalid': error ? true : undefined })}
      {error && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly name?: string;
  readonly type?: 'text' | 'password' | 'number';
  readonly placeholder?: string;
  readonly autocomplete?: string;
  /** Of a `datalist`: what may be meant. */
  readonly list?: string;
  readonly required?: boolean;
  readonly disabled?: boolean;
}

/** A line of text. */
export function TextField({ label, hint, error, value, onInput, autocomplete = 'off', ...input }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        // Preact's types tell inputs apart by `type`, which is not known here.
        <input {...(input as object)} {...attributes} value={value} autocomplete={autocomplete} autocapitalize="none" spellcheck={false} onInput={({ currentTarget }) => onInput(currentTarget.value)} />
      )}
    </Field>
  );
}
