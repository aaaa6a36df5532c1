// `npm run build:watchdog`: the watchdog as one file that needs nothing else, for each platform.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { WATCHDOG } from './executables.mjs';
import { release } from './release.mjs';
import { root } from './setup.mjs';

await release({
  command: 'build:watchdog',
  title: 'the watchdog',
  folder: 'dist/watchdog/bin',
  program: WATCHDOG,
  // Where there is no Bun.
  portable: {
    name: 'node',
    about: 'the script for plain Node',
    build: (folder) => cpSync(join(root, 'dist/watchdog/main.cjs'), join(folder, `${WATCHDOG.name}.cjs`)),
  },
});
