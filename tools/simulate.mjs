// `npm run simulate`: `shoal simulate` with the memory that long runs need. See docs/scaling.md.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, tellOn } from './setup.mjs';

// What the simulation writes is for pipes.
tellOn(process.stderr);
requireNode();
await ensureInstalled();
await ensureBuilt();
process.argv.splice(2, 0, 'simulate');
createRequire(import.meta.url)(join(root, 'dist/cli/main.cjs'));
