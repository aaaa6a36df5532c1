/** Bytes on the heap of its main thread, once its garbage is gone. The process has to be started with `--inspect-port=0`. */
export function heapBytes(child: { readonly output: string; kill(signal: NodeJS.Signals): unknown }): Promise<number>;
