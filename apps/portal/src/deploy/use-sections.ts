import { useState } from 'preact/hooks';
import type { Problems } from './problems';
import type { SectionProps } from './section';
import { sectionOf, type SectionName } from './sections';

export interface Sections {
  /** Opens those that have something wrong in them. */
  readonly reveal: (problems: Problems) => void;
  /** What a `Section` takes. */
  readonly of: (name: SectionName, title: string, digest: string) => Omit<SectionProps, 'children'>;
}

/** Which sections are open, and which have a mistake that is shown. */
export function useSections(shown: Problems): Sections {
  const [open, setOpen] = useState<ReadonlySet<SectionName>>(() => new Set(['scaling']));
  return {
    reveal: (problems) => setOpen((before) => new Set([...before, ...[...problems.keys()].flatMap((path) => sectionOf(path) ?? [])])),
    of: (name, title, digest) => ({
      title,
      digest,
      open: open.has(name),
      wrong: [...shown.keys()].some((path) => sectionOf(path) === name),
      onToggle: (isOpen) => setOpen((before) => new Set(isOpen ? [...before, name] : [...before].filter((one) => one !== name))),
    }),
  };
}
