import { CliError } from '../cli-error';
import type { CallStatus } from '../gateway/api';
import type { GatewayClient } from '../gateway/gateway-client';
import { withProgress } from '../output/progress';
import { note, type Terminal } from '../terminal';
import { reasonOf, unexpectedStatus } from './call-refusal';

interface AwaitedCall {
  readonly id: string;
  readonly name: string;
  /** When waiting ends, as `Date.now()` counts. */
  readonly deadlineMs: number;
}

/** The gateway is asked again after this; it holds an answer back for 60 s at most. */
const LONGEST_WAIT_MS = 30_000;
/** On top of what was asked for, until an answer is taken for lost. */
const GRACE_MS = 10_000;

/**
 * Waits until a call of the queue has ended.
 *
 * @returns the body of its answer, `undefined` when that was too long to be kept. Rejects as the call has ended, and with
 * `timeout` when it goes on.
 */
export async function awaitCall(terminal: Terminal, gateway: GatewayClient, call: AwaitedCall): Promise<Buffer | undefined> {
  const look = `shoal queue show ${call.id}`;
  try {
    return outcomeOf(await untilEnded(terminal, gateway, call, look), call, look);
  } catch (error) {
    if (terminal.signal.aborted) note(terminal, `The call goes on; how it stands: ${look}`);
    throw error;
  }
}

function untilEnded(terminal: Terminal, gateway: GatewayClient, { id, name, deadlineMs }: AwaitedCall, look: string): Promise<CallStatus> {
  return withProgress(terminal, `Waiting for ${name}`, async (tell) => {
    for (;;) {
      const waitMs = Math.min(LONGEST_WAIT_MS, deadlineMs - Date.now());
      if (waitMs <= 0) throw new CliError('timeout', 'the call has not ended in time, and goes on', `how it stands: ${look}`);
      const call = await gateway.json<CallStatus>('GET', `/async-function/calls/${encodeURIComponent(id)}`, { query: { wait: `${Math.ceil(waitMs)}ms` }, timeoutMs: waitMs + GRACE_MS });
      if (call.endedAt !== undefined) return call;
      tell(call.state);
    }
  });
}

function outcomeOf({ state, outcome, result, attempts }: CallStatus, { name }: AwaitedCall, look: string): Buffer | undefined {
  const body = result?.body === undefined ? undefined : Buffer.from(result.body, result.encoding);
  if (state === 'succeeded') return body;
  if (state === 'cancelled') throw new CliError('failed', 'the call was cancelled');
  const hint = `after ${attempts} attempts; more of it: ${look}`;
  if (outcome?.status !== undefined) throw unexpectedStatus(outcome.status, body?.toString('utf8').trimEnd() ?? '', hint);
  throw new CliError(reasonOf(outcome?.code ?? ''), `${name} was not served: ${outcome?.message ?? 'it has failed'}${outcome?.code === undefined ? '' : ` (${outcome.code})`}`, hint);
}
