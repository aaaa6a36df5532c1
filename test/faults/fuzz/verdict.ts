import type { FuzzCase } from './control-plane-case';
import type { RawAnswer } from './raw-connection';

/** An error says what is wrong in some sentences; it is no place to send back what was sent. */
const MAX_ERROR_BYTES = 4_096;
/** Of the program itself: nothing that a caller should ever see. */
const INNARDS = /\n\s+at |node_modules|\.cjs:\d|\.ts:\d|TypeError|RangeError|ReferenceError|Cannot read propert|is not a function|is not iterable|\[object |undefined/;
// eslint-disable-next-line no-control-regex -- looking for control characters is the point
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;

/** What is wrong with the answer to a case; `undefined` when nothing is. */
export function verdictOf(one: FuzzCase, answer: RawAnswer, secrets: readonly string[]): string | undefined {
  const { status, headers, body } = answer;
  if (!(status >= 200 && status < 500)) return `a status ${status}`;
  if (!one.authorized && status < 400 && /^\/system(\/|$)/.test(one.operation.path)) return `let in without credentials: ${status}`;
  if (one.tidy && !one.operation.statuses.includes(status)) return `a status ${status} that the description does not have`;
  const text = body.toString();
  if (secrets.some((secret) => text.includes(secret) || JSON.stringify(headers).includes(secret))) return 'an answer with a password';
  if (one.method === 'HEAD') return undefined;
  if (status < 400) return headers['content-type']?.startsWith('application/json') ? jsonProblem(text) : undefined;
  const innards = INNARDS.exec(text)?.[0];
  // A nonsense text may have been sent that looks so, and be named.
  if (innards !== undefined && !one.request.includes(innards.trim())) return 'an error that shows the program';
  if (body.length > MAX_ERROR_BYTES) return `an error of ${body.length} bytes`;
  if (status === 405) return undefined;
  if (text.trim().length < 8) return `a ${status} that does not say what is wrong`;
  if (CONTROL.test(text.trimEnd()) && !headers['content-type']?.includes('json')) return 'an error with control characters';
  if (text.includes('\ufffd')) return 'an error that is not UTF-8';
  return headers['content-type']?.includes('json') ? jsonProblem(text) : undefined;
}

function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return 'an answer that says it is JSON and is not';
  }
}
