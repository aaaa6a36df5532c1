import { open } from '../api/client';
import { keepConnected } from '../api/keep-connected';
import { latestMs, type LogLine } from './log-buffer';
import { readJsonLines } from './read-json-lines';

/** Lines of the past to begin with. */
export const FIRST_LINES = 500;

export interface FollowLogOptions {
  readonly name: string;
  readonly namespace: string;
  /** One replica only; all when empty. */
  readonly instance: string;
  readonly signal: AbortSignal;
  /** Told of lines as they come. @param again whether those before may be among them, since the connection had broken off. */
  readonly onLines: (lines: readonly LogLine[], again: boolean) => void;
  /** Told why there is no connection at the moment, and with `undefined` that there is one. */
  readonly onState: (problem: string | undefined) => void;
}

/**
 * Reads the log of a function and goes on with what comes, until `signal`; when the connection breaks off it is made anew. Of a machine whose
 * clock is behind another's, lines that came in between may be missed.
 */
export async function followLog({ name, namespace, instance, signal, onLines, onState }: FollowLogOptions): Promise<void> {
  let lastMs = -Infinity;
  await keepConnected({ signal, onState }, async (inner, connected) => {
    const query = new URLSearchParams({ name, namespace, follow: 'true', ...(instance ? { instance } : {}), ...(lastMs === -Infinity ? { tail: String(FIRST_LINES) } : { since: justBefore(lastMs) }) });
    let again = lastMs !== -Infinity;
    const { body } = await open('GET', `system/logs?${query}`, { headers: { Accept: 'application/x-ndjson' }, signal: inner });
    connected();
    await readJsonLines<LogLine>(body!, (lines) => {
      if (signal.aborted) return;
      // Replicas write at the same time, so the last line need not be the latest.
      lastMs = Math.max(lastMs, latestMs(lines));
      onLines(lines, again);
      again = false;
    });
  });
}

/** The log is asked for what came after a moment; within it there may have been more. */
function justBefore(momentMs: number): string {
  return new Date(momentMs - 1).toISOString();
}
