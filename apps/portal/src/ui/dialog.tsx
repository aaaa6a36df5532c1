import './dialog.css';
import { X } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button';
import { Toasts } from './toasts';

export interface DialogProps {
  readonly title: string;
  /** Asked to close: by its cross, by Escape. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog; it is open for as long as it is there. The browser keeps the focus inside and gives it back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    element.showModal();
    return () => element.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="row dialog-head">
        <h2 id={id} class="grow break">
          {title}
        </h2>
        <Button kind="quiet" icon={X} onClick={onClose} aria-label="Close" />
      </div>
      <div class="stack">{children}</div>
      <Toasts />
    </dialog>
  );
}
