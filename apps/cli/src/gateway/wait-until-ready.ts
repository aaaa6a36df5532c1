import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../cli-error';
import type { Tell } from '../output/progress';
import type { FunctionStatus } from './api';
import type { GatewayClient } from './gateway-client';

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
/** A reason that stays for so long is not going away by itself. */
const PATIENCE_MS = 10_000;

export interface ReadyOptions {
  readonly namespace: string | undefined;
  readonly timeoutMs: number;
  readonly tell?: Tell;
  /** How many replicas must take calls; one by default. */
  readonly atLeast?: number;
  /** A reason that stays for so long ends the wait; 10 s by default. */
  readonly patienceMs?: number;
  /** Ends the wait too; the gateway's own by default. */
  readonly signal?: AbortSignal;
}

/**
 * Waits until a function's present version takes calls, or it sleeps, which is as good. Rejects with `failed` and the
 * gateway's reason when it went back to the version before or has been failing for long, else with `timeout`.
 */
export async function waitUntilReady(gateway: GatewayClient, name: string, { namespace, timeoutMs, tell, atLeast = 1, patienceMs = PATIENCE_MS, signal = gateway.options.signal }: ReadyOptions): Promise<FunctionStatus> {
  const deadline = Date.now() + timeoutMs;
  let failingSinceMs: number | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const status = await gateway.json<FunctionStatus>('GET', `/system/function/${name}`, { query: { namespace } });
    const { replicas, availableReplicas, updating, notReadyBecause, rolledBackBecause } = status;
    if (rolledBackBecause !== undefined) throw new CliError('failed', `${name} could not be updated, and its version before runs: ${rolledBackBecause}`, `shoal logs ${name} may say more`);
    if (!updating && (replicas === 0 || availableReplicas >= Math.min(atLeast, replicas))) return status;
    failingSinceMs = notReadyBecause === undefined ? undefined : (failingSinceMs ?? Date.now());
    const because = notReadyBecause === undefined ? '' : `: ${notReadyBecause}`;
    if (failingSinceMs !== undefined && Date.now() - failingSinceMs > patienceMs) throw new CliError('failed', `${name} does not become ready${because}`, `shoal logs ${name} may say more`);
    if (Date.now() > deadline) throw new CliError('timeout', `${name} is not ready after ${timeoutMs / 1_000} s${because}`, `shoal describe ${name} shows how it stands`);
    tell?.(notReadyBecause ?? `${availableReplicas} of ${replicas} replicas`);
    await pause(pauseMs, undefined, { signal });
  }
}
