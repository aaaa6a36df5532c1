// `npm start`: everything from a fresh checkout to a running gateway, in this one process.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
createRequire(import.meta.url)(join(root, 'dist/gateway/main.cjs'));
