import { spawn } from 'node:child_process';
import { join } from 'node:path';

const program = join(__dirname, 'load-program.mjs');

export interface Load {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests a second, whatever the answers take; absent: each connection sends as soon as it is answered. */
  readonly rate?: number;
  readonly connections: number;
  readonly seconds: number;
  /** A connection for each request. */
  readonly fresh?: boolean;
  /** For answers that are still to come at the end; then the callers leave. 10 s by default. */
  readonly graceMs?: number;
}

interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadResult {
  readonly sent: number;
  /** Due when every connection still waited for an answer. */
  readonly unsent: number;
  readonly ok: number;
  /** 2xx a second. */
  readonly goodput: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Connections that ended without an answer, by the reason. */
  readonly broken: Readonly<Record<string, number>>;
  /** Answers other than 2xx that do not say when to come again. */
  readonly withoutRetryAfter: number;
  /** When the callers left. */
  readonly unanswered: number;
  /** In milliseconds, from when it was sent. */
  readonly okMs: Latencies;
  readonly refusedMs: Latencies;
}

/** Offers load from a process of its own, and resolves with what came back. */
export function offerLoad(port: number, load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, JSON.stringify({ port, ...load })], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(output) as LoadResult) : reject(new Error(`load-program.mjs ended with code ${code}`))));
  });
}
