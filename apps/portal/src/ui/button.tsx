import './button.css';
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import type { IconNode } from 'lucide';
import { Icon } from './icon';

export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger';

export interface ButtonProps extends Omit<ButtonHTMLAttributes, 'icon'> {
  readonly kind?: ButtonKind;
  readonly icon?: IconNode;
  readonly type?: 'button' | 'submit';
  /** While what it began goes on, it cannot be pressed again, and no form is sent by it; but it keeps the focus. */
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly children?: ComponentChildren;
}

/** A button that does something here. What leads elsewhere is a `LinkButton`. */
export function Button({ kind = 'plain', icon, busy = false, disabled = false, type = 'button', onClick, children, ...rest }: ButtonProps) {
  return (
    <button {...rest} onClick={busy ? ignore : onClick} type={type} class={`button ${kind}${children === undefined ? ' icon-only' : ''}`} disabled={disabled} aria-disabled={busy || undefined} aria-busy={busy}>
      {busy ? <span class="spinner" /> : icon && <Icon of={icon} />}
      {children}
    </button>
  );
}

/** Enter in a field of a form is a click on its button, too. */
function ignore(event: Event): void {
  event.preventDefault();
}

export interface LinkButtonProps {
  readonly href: string;
  readonly kind?: ButtonKind;
  readonly icon?: IconNode;
  readonly children?: ComponentChildren;
}

export function LinkButton({ href, kind = 'plain', icon, children }: LinkButtonProps) {
  return (
    <a class={`button ${kind}`} href={href}>
      {icon && <Icon of={icon} />}
      {children}
    </a>
  );
}
