// `node tools/write-docs.mjs`: writes the files that are made from the code anew. A spec of each fails while it is out of date.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ensureInstalled, requireNode, root } from './setup.mjs';

requireNode();
await ensureInstalled();
const folder = mkdtempSync(join(tmpdir(), 'shoal-docs-'));
try {
  const outfile = join(folder, 'written.mjs');
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({ entryPoints: ['apps/cli/src/reference/written-files.ts'], outfile, bundle: true, platform: 'node', format: 'esm', banner, define: { SHOAL_VERSION: '""', SHOAL_COMMIT: '""' }, absWorkingDir: root, logLevel: 'warning' });
  const { writtenFiles } = await import(outfile);
  for (const [file, text] of await writtenFiles()) writeFileSync(join(root, file), text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
