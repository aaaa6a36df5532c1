/** What we need of the C library and have from nobody else. As it has it: -1 for an error. */
interface LibC {
  pipe2(pair: Int32Array, flags: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  /** Unlike Node's, it does not throw when there is nothing to read. */
  read(fd: number, into: Uint8Array, bytes: number): number;
  waitid(idType: number, id: number, info: Int32Array, options: number): number;
}

let loaded: LibC | undefined;

/** Of glibc or of musl; `undefined` when this system has neither. Under Bun only. */
export function libc(): LibC | undefined {
  return (loaded ??= loadLibC('libc.so.6') ?? loadLibC(`libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`));
}

function loadLibC(name: string): LibC | undefined {
  try {
    // Not by `import`: there is no such module under Node.
    const ffi = process.getBuiltinModule('bun:ffi') as unknown as BunFfi;
    return ffi.dlopen(name, {
      pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
      fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
      read: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
      waitid: { args: ['i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
    }).symbols;
  } catch {
    return undefined;
  }
}

interface BunFfi {
  dlopen(name: string, symbols: Record<keyof LibC, { readonly args: readonly string[]; readonly returns: string }>): { readonly symbols: LibC };
}
