import './notice.css';
import { CircleAlert, Info, TriangleAlert } from 'lucide';
import type { ComponentChildren } from 'preact';
import { Icon } from './icon';

const ICONS = { info: Info, warning: TriangleAlert, error: CircleAlert } as const;

export interface NoticeProps {
  readonly kind?: keyof typeof ICONS;
  /** Whether it is read out as soon as it appears; errors are. */
  readonly alert?: boolean;
  readonly children: ComponentChildren;
}

/** A box with something to know: what is wrong, and what to do about it. */
export function Notice({ kind = 'info', alert = kind === 'error', children }: NoticeProps) {
  return (
    <div class={`notice ${kind}`} role={alert ? 'alert' : undefined}>
      <Icon of={ICONS[kind]} />
      <div class="grow break">{children}</div>
    </div>
  );
}
