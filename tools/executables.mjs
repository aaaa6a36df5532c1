// Executables: a program's code and a Bun in one file.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBun, hostPlatform } from './bun.mjs';
import { signAdHoc } from './mac-signature.mjs';
import { root, run } from './setup.mjs';

export const WATCHDOG = { name: 'shoal-watchdog', entry: 'apps/watchdog/src/main.ts' };
/** What `tools/build.mjs` makes: templates are in it, which are too long for a command line. */
export const CLI = { name: 'shoal', entry: 'dist/cli/main.cjs' };

export function suffixOf(platform) {
  return platform.startsWith('windows-') ? '.exe' : '';
}

/** Builds the watchdog's for this machine, and resolves with its path. Only where `hostPlatform()` is one. */
export async function ensureExecutable() {
  const platform = hostPlatform();
  const path = join(root, 'dist/watchdog', `${WATCHDOG.name}${suffixOf(platform)}`);
  await buildExecutable(platform, path);
  return path;
}

/** Builds the one of a platform. The same sources make the same file. */
export async function buildExecutable(platform, path, { name, entry } = WATCHDOG) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = mkdtempSync(`${path}.`);
  try {
    // Its name becomes part of it: always the same one.
    const made = join(unfinished, `${name}${suffixOf(platform)}`);
    await compile(entry, platform, made);
    if (platform === 'darwin-x64') signAdHoc(made, name);
    renameSync(made, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The Bun of this machine builds for all platforms. */
async function compile(entry, platform, path) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // Variables such as BUN_OPTIONS would have a say in the build.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BUN_')));
  const args = [
    'build',
    entry,
    '--compile',
    `--target=bun-${platform}`,
    `--compile-executable-path=${await ensureBun(platform)}`, // Else Bun would download it, unchecked.
    `--outfile=${path}`,
    '--bytecode', // Nearly halves the time to start.
    '--minify-syntax',
    '--minify-whitespace',
    '--sourcemap=none',
    // Else files of these names in the folder where it is started would change its settings, or run in it.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--no-compile-autoload-tsconfig',
    '--no-compile-autoload-package-json',
    `--define=SHOAL_VERSION=${JSON.stringify(version)}`,
    '--define=process.env.NODE_ENV="production"',
    // Else they are the folder that it was built in.
    '--define=__dirname="/"',
    '--define=__filename="/main.cjs"',
  ];
  await run(await ensureBun(hostPlatform()), args, env);
}
