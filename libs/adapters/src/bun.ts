import type { BunTcp } from './http/bun-tcp';

/** The part of the Bun runtime that is used here; `undefined` under Node. */
export const bun = (globalThis as { Bun?: BunTcp }).Bun;
