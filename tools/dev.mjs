// `npm run dev`: builds and starts the gateway, and does so again whenever a source is saved.
import { fork } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, requireNode, root } from './setup.mjs';

const SETTLE_MS = 100;

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
  if (!gateway || gateway.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    gateway.once('exit', resolve);
    gateway.kill('SIGTERM');
    // Calls in flight are not worth waiting for while developing.
    setTimeout(() => gateway.kill('SIGTERM'), 300).unref();
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
