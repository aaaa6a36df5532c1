// What `./shoal` starts: installs and builds when it must, and runs what was built. Installed, `shoal` is that itself.
import { createRequire } from 'node:module';
import { ensureBuilt, ensureInstalled, requireNode, tellOn } from './setup.mjs';

// What a command writes to its standard output is for pipes.
tellOn(process.stderr);
requireNode();
await ensureInstalled();
await ensureBuilt();
createRequire(import.meta.url)('../dist/cli/main.cjs');
