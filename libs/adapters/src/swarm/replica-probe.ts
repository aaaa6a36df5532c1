import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** How long one try may take. An address that nobody has yet answers nothing at all, so that a new try beats waiting. */
const CONNECT_TIMEOUT_MS = 250;
const ANSWER_TIMEOUT_MS = 2_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;
const PAUSE_GROWTH = 1.2;
const UNAVAILABLE = 503;

/**
 * Resolves once something serves HTTP at `baseUrl`; any answer will do but a 503, by which a watchdog says that it is not
 * ready. Tries until then, ever less often, and tells `failed` why the last try did not succeed. Rejects when aborted.
 */
export async function untilReady(baseUrl: string, signal: AbortSignal, failed: (reason: string) => void): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
    const problem = await problemAt(baseUrl);
    signal.throwIfAborted();
    if (problem === undefined) return;
    failed(problem);
    await pause(pauseMs, undefined, { signal });
  }
}

/** Whether somebody accepts connections there: also a server that is too busy to answer does. */
export function isReachable(baseUrl: string, timeoutMs: number): Promise<boolean> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const end = (reachable: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reachable);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

function problemAt(baseUrl: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get(`${baseUrl}/_/health`, { agent: false }, (answer) => {
      answer.destroy();
      end(answer.statusCode === UNAVAILABLE ? 'it answers 503 to a health check' : undefined);
    });
    let timer = setTimeout(() => end('its address does not answer'), CONNECT_TIMEOUT_MS);
    const end = (problem: string | undefined) => {
      clearTimeout(timer);
      asked.destroy();
      resolve(problem);
    };
    asked.once('socket', (socket) =>
      socket.once('connect', () => {
        clearTimeout(timer);
        timer = setTimeout(() => end(`it does not answer a health check within ${ANSWER_TIMEOUT_MS} ms`), ANSWER_TIMEOUT_MS);
      }),
    );
    asked.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED' ? 'nothing listens at its port' : error.message));
  });
}
