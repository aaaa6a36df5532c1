import './section.css';
import { ChevronRight } from 'lucide';
import type { ComponentChildren } from 'preact';
import { Icon } from '../ui/icon';

export interface SectionProps {
  readonly title: string;
  /** What is in it, in a few words, to be read while it is closed. */
  readonly digest: string;
  readonly open: boolean;
  readonly onToggle: (open: boolean) => void;
  /** Whether something in it is wrong. */
  readonly wrong?: boolean;
  readonly children: ComponentChildren;
}

/** A part of a form that can be left alone. */
export function Section({ title, digest, open, onToggle, wrong = false, children }: SectionProps) {
  return (
    <details class="card section" open={open} onToggle={({ currentTarget }) => currentTarget.open !== open && onToggle(currentTarget.open)}>
      <summary>
        <Icon of={ChevronRight} />
        <h2>{title}</h2>
        <span class={`cut section-digest${wrong ? ' wrong' : ''}`}>{wrong ? 'has a mistake' : digest}</span>
      </summary>
      <div class="stack section-body">{children}</div>
    </details>
  );
}
