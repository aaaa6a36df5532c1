import './empty.css';
import type { ComponentChildren } from 'preact';

export interface EmptyProps {
  readonly title: string;
  /** What it is about, and what to do. */
  readonly children?: ComponentChildren;
}

/** Where a list would be, if there were something in it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="empty">
      <img src="logo.svg" alt="" width="72" height="72" />
      <h2>{title}</h2>
      {children}
    </div>
  );
}
