import { mediaTypeOf } from './body-kind';

const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/json': 'json', 'text/html': 'html', 'text/plain': 'txt', 'text/csv': 'csv', 'text/css': 'css', 'text/markdown': 'md', 'application/xml': 'xml', 'text/xml': 'xml',
  'application/pdf': 'pdf', 'application/zip': 'zip', 'application/gzip': 'gz', 'application/javascript': 'js', 'text/javascript': 'js', 'application/yaml': 'yaml',
  'image/png': 'png', 'image/jpeg': 'jpg', 'image/gif': 'gif', 'image/webp': 'webp', 'image/avif': 'avif', 'image/bmp': 'bmp', 'image/svg+xml': 'svg', 'audio/mpeg': 'mp3', 'audio/wav': 'wav', 'video/mp4': 'mp4',
};
const MAX_NAME_LENGTH = 120;

export interface FileNameOf {
  readonly contentDisposition: string | undefined;
  readonly contentType: string | undefined;
  readonly functionName: string;
  /** Label `com.openfaas.ui.ext`: what this function's answers are. */
  readonly extension: string | undefined;
}

/** Under which name an answer is saved: the one it gives itself, else the function's with an extension. Never a path. */
export function fileNameOf({ contentDisposition, contentType, functionName, extension }: FileNameOf): string {
  const given = safe(nameIn(contentDisposition ?? ''));
  if (given !== '') return given;
  const type = mediaTypeOf(contentType);
  const end = safe(extension ?? '').replace(/^[.]+/, '') || EXTENSIONS[type] || (type.endsWith('+json') ? 'json' : 'bin');
  return `${functionName}.${end}`;
}

function nameIn(disposition: string): string {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;]*)/i.exec(disposition)?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded.trim());
    } catch {
      // The other one then.
    }
  }
  const [, quoted, plain] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/i.exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? plain?.trim() ?? '';
}

/** Without what leads elsewhere, hides the file or is written from right to left. */
function safe(name: string): string {
  return name
    .replace(/^.*[/\\]/s, '')
    .replace(/[^\p{L}\p{N}\p{M} ._()+,;=@-]/gu, '')
    .replace(/^[. ]+/, '')
    .slice(0, MAX_NAME_LENGTH)
    .trim();
}
