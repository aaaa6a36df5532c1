import type { Pair } from './call-url';
import { METHODS, type Draft, type DraftBody } from './draft';
import { isSecret } from './request-headers';

/** A call that was made: enough to make it again. */
export interface Try {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly draft: Omit<Draft, 'file'>;
  /** What stood in the form and is not kept. */
  readonly missing: readonly ('body' | 'file' | 'secrets')[];
  /** The status, or how it ended without one. */
  readonly outcome: string;
  readonly elapsedMs?: number;
}

const MAX_TRIES = 20;
const MAX_KEPT_BODY_LENGTH = 10_000;
const BODY_KINDS: readonly DraftBody[] = ['none', 'text', 'json', 'file'];

/** The draft as it may be kept: without long bodies, files and the values of headers that are secret. */
export function toTry(draft: Draft, atMs: number, { outcome, elapsedMs }: Pick<Try, 'outcome' | 'elapsedMs'>): Try {
  const { file, ...rest } = draft;
  const body = draft.bodyKind === 'text' || draft.bodyKind === 'json' ? draft[draft.bodyKind] : '';
  const isLong = body.length > MAX_KEPT_BODY_LENGTH;
  const headers = draft.headers.map(({ name, value }) => ({ name, value: isSecret(name) ? '' : value }));
  const missing = [isLong && ('body' as const), draft.bodyKind === 'file' && file && ('file' as const), draft.headers.some(({ name, value }) => isSecret(name) && value !== '') && ('secrets' as const)];
  return {
    atMs,
    // Of two bodies only the one that was sent.
    draft: { ...rest, headers, text: '', json: '', ...(draft.bodyKind === 'text' || draft.bodyKind === 'json' ? { [draft.bodyKind]: isLong ? '' : body } : {}) },
    missing: missing.filter((part) => part !== false && part !== undefined),
    outcome,
    ...(elapsedMs === undefined ? {} : { elapsedMs }),
  };
}

/** The newest first, bounded. */
export function withTry(tries: readonly Try[], next: Try): Try[] {
  return [next, ...tries].slice(0, MAX_TRIES);
}

export function loadTries(functionKey: string): Try[] {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(storageKey(functionKey)) ?? '[]');
    return Array.isArray(value) ? value.filter(isTry).slice(0, MAX_TRIES) : [];
  } catch {
    return [];
  }
}

/** Keeps them for as long as the window is open; where the browser does not allow it, for as long as the page is. */
export function storeTries(functionKey: string, tries: readonly Try[]): void {
  try {
    if (tries.length === 0) sessionStorage.removeItem(storageKey(functionKey));
    else sessionStorage.setItem(storageKey(functionKey), JSON.stringify(tries));
  } catch {
    // No room, or not allowed.
  }
}

function storageKey(functionKey: string): string {
  return `shoal.tries.${functionKey}`;
}

/** An older page may have stored something else. */
function isTry(value: unknown): value is Try {
  const { atMs, draft, missing, outcome } = (value ?? {}) as Partial<Try>;
  if (typeof atMs !== 'number' || typeof outcome !== 'string' || !Array.isArray(missing) || typeof draft !== 'object') return false;
  const strings: readonly unknown[] = [draft.path, draft.text, draft.json];
  return (
    strings.every((text) => typeof text === 'string') &&
    (draft.mode === 'sync' || draft.mode === 'async') &&
    (METHODS as readonly string[]).includes(draft.method) &&
    BODY_KINDS.includes(draft.bodyKind) &&
    Array.isArray(draft.headers) &&
    draft.headers.every((header: Partial<Pair> | null) => typeof header?.name === 'string' && typeof header.value === 'string')
  );
}
