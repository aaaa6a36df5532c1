import type { CallMode, Pair } from './call-url';
import { headersToSend } from './request-headers';

export type DraftBody = 'none' | 'text' | 'json' | 'file';

/** A call as it stands in the form. */
export interface Draft {
  readonly mode: CallMode;
  readonly method: string;
  /** Path and query behind the function's name. */
  readonly path: string;
  readonly headers: readonly Pair[];
  readonly bodyKind: DraftBody;
  readonly text: string;
  readonly json: string;
  readonly file?: File;
}

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
export const NEW_DRAFT: Draft = { mode: 'sync', method: 'POST', path: '/', headers: [], bodyKind: 'text', text: '', json: '' };

/** Browsers send no body with the others. */
export function takesBody({ method }: Draft): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** What is sent, as text or as a file; `undefined` for nothing. */
export function bodyOf(draft: Draft): string | File | undefined {
  if (!takesBody(draft) || draft.bodyKind === 'none') return undefined;
  return draft.bodyKind === 'file' ? draft.file : draft[draft.bodyKind];
}

/** What the `Content-Type` is, unless a header of the draft says it. */
export function contentTypeOf(draft: Draft): string | undefined {
  const body = bodyOf(draft);
  if (body === undefined) return undefined;
  if (typeof body !== 'string') return body.type || 'application/octet-stream';
  return draft.bodyKind === 'json' ? 'application/json' : 'text/plain; charset=utf-8';
}

/** All headers that were asked for, those too that a browser leaves out. */
export function headersOf(draft: Draft): Pair[] {
  return headersToSend(draft.headers, contentTypeOf(draft));
}
