import type { Pair } from './call-url';

export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Pair[];
  /** Text, or the name of a file in the folder where the command is run. */
  readonly body?: { readonly text: string } | { readonly fileName: string };
}

/** An argument of a command may be 128 KiB on Linux. */
const MAX_ARGUMENT_BYTES = 100_000;

/** The command for a POSIX shell that sends the same. It shows the answer's headers too. */
export function curlCommand({ method, url, headers, body }: CurlRequest): string {
  const options = [method === 'HEAD' ? '-I' : '-i'];
  if (!['GET', 'HEAD'].includes(method)) options.push(`-X ${quote(method)}`);
  // Brackets and braces mean several URLs to curl.
  if (/[[\]{}]/.test(url)) options.push('-g');
  const lines = [`curl ${options.join(' ')} ${quote(url)}`];
  // Without a value the header would be one that curl is to leave out.
  for (const { name, value } of headers) lines.push(`-H ${quote(value === '' ? `${name};` : `${name}: ${value}`)}`);
  let before = '';
  if (body && 'fileName' in body) lines.push(`--data-binary ${quote(`@${body.fileName === '-' ? './-' : body.fileName}`)}`);
  else if (body && isArgument(body.text)) lines.push(`--data-raw ${quote(body.text)}`);
  else if (body) {
    before = `printf %b ${quote(body.text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0000'))} | `;
    lines.push('--data-binary @-');
  }
  return before + lines.join(' \\\n  ');
}

/** One word of a POSIX shell, whatever is in it (but for NUL, which no word can have). */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function isArgument(text: string): boolean {
  return !text.includes('\0') && new TextEncoder().encode(text).length <= MAX_ARGUMENT_BYTES;
}
