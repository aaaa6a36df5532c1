import type { Dispatcher } from 'undici';
// Only this part of the library: the whole of it would cost each process some 8 MB more.
import Agent from 'undici/lib/dispatcher/agent.js';

/** How long a connection may take to come about. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Idle connections are closed here before the other side closes them, which would cost a call its answer. */
const KEEP_ALIVE_MS = 4_000;
/** Head of an answer. */
const MAX_RESPONSE_HEADER_BYTES = 1024 * 1024;

/** Pooled keep-alive connections for calls that are sent whole. Limits on time are the callers', so undici's own are off. */
export function createConnections(): Dispatcher {
  return new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
}
