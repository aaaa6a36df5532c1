import type { IconNode } from 'lucide';
import { h } from 'preact';

export interface IconProps {
  /** Of `lucide`. */
  readonly of: IconNode;
  readonly size?: number;
}

/** A picture beside words: screen readers pass over it. */
export function Icon({ of, size = 18 }: IconProps) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      {of.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}
