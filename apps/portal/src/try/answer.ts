import type { Pair } from './call-url';

/** What came back, as far as it was read. */
export interface Answer {
  /** 0 for a redirect: browsers keep from a page which one it is. */
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly Pair[];
  readonly body: Uint8Array<ArrayBuffer>;
  /** Why the body ends before its end. */
  readonly cut?: string;
  /** From sending to the end of the body. */
  readonly elapsedMs: number;
  /** Names the call in the logs. */
  readonly callId?: string;
}

/** The value of a header, several joined as HTTP does; `undefined` when it is absent. */
export function headerOf(headers: readonly Pair[], name: string): string | undefined {
  const values = headers.filter((header) => header.name.toLowerCase() === name.toLowerCase()).map(({ value }) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
