import { shellWord } from '@shoal/domain/shared/shell-word';
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
  if (!['GET', 'HEAD'].includes(method)) options.push(`-X ${shellWord(method)}`);
  // Brackets and braces mean several URLs to curl.
  if (/[[\]{}]/.test(url)) options.push('-g');
  const lines = [`curl ${options.join(' ')} ${shellWord(url)}`];
  // Without a value the header would be one that curl is to leave out.
  for (const { name, value } of headers) lines.push(`-H ${shellWord(value === '' ? `${name};` : `${name}: ${value}`)}`);
  let before = '';
  if (body && 'fileName' in body) lines.push(`--data-binary ${shellWord(`@${body.fileName === '-' ? './-' : body.fileName}`)}`);
  else if (body && isArgument(body.text)) lines.push(`--data-raw ${shellWord(body.text)}`);
  else if (body) {
    before = `printf %b ${shellWord(body.text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0000'))} | `;
    lines.push('--data-binary @-');
  }
  return before + lines.join(' \\\n  ');
}

function isArgument(text: string): boolean {
  return !text.includes('\0') && new TextEncoder().encode(text).length <= MAX_ARGUMENT_BYTES;
}
