// What the CLI carries with it, so that `shoal new` works offline.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const templatesFolder = join(dirname(fileURLToPath(import.meta.url)), '..', 'templates');
/** What running a template's test leaves, and what editors and file managers do. */
const NOT_SHIPPED = /^(node_modules|__pycache__|\.DS_Store|\.idea|\.vscode|.*~|\..*\.sw[a-p])$/;

/** All templates: by path in `templates/`, `{ mode: 0o755 | 0o644, text }`. */
export function shippedFiles(folder = templatesFolder) {
  const files = {};
  const add = (path) => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (NOT_SHIPPED.test(entry.name)) continue;
      if (entry.isDirectory()) add(inner);
      // Not the whole mode: that depends on the umask where this was checked out.
      else files[inner] = { mode: statSync(join(folder, inner)).mode & 0o100 ? 0o755 : 0o644, text: readFileSync(join(folder, inner), 'utf8') };
    }
  };
  add('');
  return files;
}
