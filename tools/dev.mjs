// `npm run dev`: builds and starts the gateway, and does so again whenever a source is saved.
import { fork } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, requireNode, root } from './setup.mjs';

const SETTLE_MS = 100;
const PATIENCE_MS = 300;

requireNode();
await ensureInstalled();
const { buildAll } = await import('./build.mjs');

let gateway;
let timer;
let busy = Promise.resolve();

async function restart() {
  const startedMs = Date.now();
  try {
    await buildAll();
  } catch {
    console.error('It does not build; the last good build goes on running.');
    return;
  }
  await stop();
  gateway = fork(join(root, 'dist/gateway/main.cjs'));
  console.log(`Built in ${Date.now() - startedMs} ms.`);
}

function stop() {
  const old = gateway;
  if (!old || old.exitCode !== null || old.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    // Calls in flight are not worth waiting for while developing: a second signal ends it at once.
    const timer = setTimeout(() => old.kill('SIGTERM'), PATIENCE_MS);
    old.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    old.kill('SIGTERM');
  });
}

for (const folder of ['apps', 'libs']) {
  watch(join(root, folder), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => (busy = busy.then(restart)), SETTLE_MS);
  });
}
process.on('SIGINT', () => void stop().then(() => process.exit(0)));
process.on('SIGTERM', () => void stop().then(() => process.exit(0)));
await restart();
