import { setTimeout as pause } from 'node:timers/promises';
import { watch } from 'chokidar';
import { basename } from 'node:path';

/** An editor writes a file in several steps; what comes within this time is one change. */
const SETTLE_MS = 30;
/** Made by builds, tools and editors, and no source of anything. */
const IGNORED = /^(build|node_modules|__pycache__|\.git|\..*\.sw.|.*~|4913|\.#.*)$/;

/**
 * The paths that have changed, each time some have, until `signal` fires; what changes while one batch is being dealt with
 * is the next one. `ready` is called once nothing can be missed any more.
 */
export async function* watchFiles(paths: readonly string[], signal: AbortSignal, ready: () => void): AsyncGenerator<readonly string[]> {
  const changed = new Set<string>();
  let wake: () => void = () => undefined;
  const watcher = watch([...paths], { ignoreInitial: true, ignored: (path) => IGNORED.test(basename(path)) && !paths.includes(path) });
  const stop = () => wake();
  signal.addEventListener('abort', stop);
  watcher.on('all', (_event, path) => {
    changed.add(path);
    wake();
  });
  watcher.on('ready', ready);
  try {
    for (;;) {
      if (changed.size === 0) await new Promise<void>((resolve) => (signal.aborted ? resolve() : (wake = resolve)));
      if (signal.aborted) return;
      await pause(SETTLE_MS);
      const batch = [...changed];
      changed.clear();
      yield batch;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await watcher.close();
  }
}
