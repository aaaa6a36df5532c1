/** First bytes of formats that a function may well print. */
const SIGNATURES: readonly (readonly [signature: string, type: string])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['%PDF-', 'application/pdf'],
  ['\x1f\x8b\x08', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['<?xml', 'text/xml; charset=utf-8'],
];
const HTML = /^<(!doctype html|html|head|body|title|h1|div|p|table|script|!--)[\s>]/i;
const SNIFFED_BYTES = 512;

/** A `Content-Type` for a body whose author said none, from its first bytes. */
export function sniffContentType(body: Uint8Array): string {
  let start = '';
  let binary = false;
  for (const byte of body.subarray(0, SNIFFED_BYTES)) {
    start += String.fromCharCode(byte);
    binary ||= byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d && byte !== 0x1b;
  }
  const known = SIGNATURES.find(([signature]) => start.startsWith(signature));
  if (known) return known[1];
  if (HTML.test(start.trimStart())) return 'text/html; charset=utf-8';
  return binary ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}
