// `npm start`: everything from a fresh checkout to a running gateway, in this one process.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const PARENT_CHECK_MS = 250;

requireNode();
await ensureInstalled();
await ensureBuilt();
if (process.env.npm_lifecycle_event) endWithParent();
createRequire(import.meta.url)(join(root, 'dist/gateway/main.cjs'));

/** npm passes a SIGTERM on to its shell, which ends without passing it on to us. */
function endWithParent() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  timer.unref();
}
