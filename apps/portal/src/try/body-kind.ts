import { jsonProblem } from './json-text';

/** How a body is shown. */
export type BodyKind = 'empty' | 'json' | 'html' | 'svg' | 'picture' | 'text' | 'bytes';

/**
 * Pictures that browsers show, and take for nothing else. A `blob:` URL has the origin of the page that made it, so that whoever
 * opens one in a window of its own must get a picture and no document.
 */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']);
const TEXT = /^(text\/.*|application\/(xml|javascript|ecmascript|x-www-form-urlencoded|yaml|x-yaml|toml|x-ndjson|graphql|sql|x-sh)|.*\+(xml|yaml))$/;
const UNTOLD: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream', 'binary/octet-stream']);
/** Longer texts are not looked at for being JSON when their type does not say so. */
const MAX_GUESSED_BYTES = 200_000;

/** The media type in lower case, without its parameters. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** By what the answer says of itself; where that is nothing, by what it looks like. */
export function bodyKindOf(contentType: string | undefined, body: Uint8Array): BodyKind {
  if (body.length === 0) return 'empty';
  const type = mediaTypeOf(contentType);
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  if (type === 'image/svg+xml') return 'svg';
  if (PICTURES.has(type)) return 'picture';
  if (UNTOLD.has(type)) return guess(type, body);
  return TEXT.test(type) ? 'text' : 'bytes';
}

/** The body as text, in the character set that its type names. */
export function textOf(contentType: string | undefined, body: Uint8Array): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function guess(type: string, body: Uint8Array): BodyKind {
  const text = utf8(body);
  if (text === undefined) return type === 'text/plain' ? 'text' : 'bytes';
  if (/^\s*[{[]/.test(text) && body.length <= MAX_GUESSED_BYTES && jsonProblem(text) === undefined) return 'json';
  return 'text';
}

/** `undefined` when it is no text. */
function utf8(body: Uint8Array): string | undefined {
  try {
    // The end may be cut within a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: true });
    // eslint-disable-next-line no-control-regex
    return /[\0-\x08\x0e-\x1a]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
