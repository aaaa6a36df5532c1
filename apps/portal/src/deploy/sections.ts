import { SCALE_LABEL } from '@shoal/domain/scaling/scaling-policy';
import type { Problems } from './problems';

/** Parts of the form that can be closed, from top to bottom. */
export const SECTIONS = ['environment', 'secrets', 'scaling', 'schedule', 'resources', 'labels', 'advanced'] as const;
export type SectionName = (typeof SECTIONS)[number];

/** Which section a path of `problems` is in; those of none are always seen. */
export function sectionOf(path: string): SectionName | undefined {
  if (path.startsWith(`labels.${SCALE_LABEL}`)) return 'scaling';
  if (path.startsWith('annotations.schedule')) return 'schedule';
  if (path.startsWith('envVars')) return 'environment';
  if (path.startsWith('labels') || path.startsWith('annotations')) return 'labels';
  if (/^(limits|requests)/.test(path)) return 'resources';
  if (path === 'secrets') return 'secrets';
  return path === 'constraints' || path === 'network' ? 'advanced' : undefined;
}

/** As they are found from top to bottom. */
export function inOrder(problems: Problems): readonly (readonly [path: string, text: string])[] {
  const place = ([path]: readonly [string, string]) => SECTIONS.findIndex((name) => name === sectionOf(path));
  return [...problems].sort((a, b) => place(a) - place(b));
}
