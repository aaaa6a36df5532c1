import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** What a C++ program asks its runtime for, and not its C library. */
const CXX = /^(_Z|__cxa_(?!finalize$|thread_atexit_impl$)|__dynamic_cast$|__once_proxy$)/;

/**
 * Makes a `libstdc++.so.6` for musl in `folder`: Debian has musl, but no C++ runtime for it. It is Debian's own, less all
 * that `program` does not ask for, because much of the rest needs glibc.
 */
export function makeMuslRuntime({ program, gcc, musl, folder }: { program: string; gcc: string; musl: string; folder: string }): void {
  mkdirSync(folder, { recursive: true });
  const part = (name: string) => execFileSync(gcc, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  const asked = askedSymbols(program).filter((symbol) => CXX.test(symbol));
  execFileSync(gcc, [
    ...['-shared', '-fPIC', '-O1', '-w', '-nostdlib', '-Wl,--gc-sections', '-Wl,-soname,libstdc++.so.6', '-o', join(folder, 'libstdc++.so.6')],
    ...asked.map((symbol) => `-Wl,-u,${symbol}`),
    join(__dirname, 'musl-bridge.c'),
    part('crtbeginS.o'),
    ...['-Wl,--start-group', part('libstdc++_pic.a'), part('libgcc_eh.a'), part('libgcc.a'), '-Wl,--end-group'],
    musl,
    part('crtendS.o'),
  ]);
}

/** The tables of its classes count as the program's own symbols, but are copied from the runtime's. */
function askedSymbols(program: string): readonly string[] {
  const table = execFileSync('/usr/bin/readelf', ['--dyn-syms', '--wide', program], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return [...table.matchAll(/ (?:UND ([^\s@]+)|\d+ (_ZTVN10__cxxabiv1[^\s@]+))/g)].map(([, missing, copied]) => (missing ?? copied)!);
}
