import { batch, signal } from '@preact/signals';
import { ApiError, messageOf } from '../api/api-error';
import { session } from '../session';
import { readEvents } from './read-events';
import type { FunctionSummary, PlatformStatus } from './summary';

/** `undefined` until the gateway has told them for the first time. */
export const functions = signal<ReadonlyMap<string, FunctionSummary> | undefined>(undefined);
export const platform = signal<PlatformStatus | undefined>(undefined);
/** Why what is shown may be old; `undefined` while the gateway tells us. */
export const disconnected = signal<string | undefined>(undefined);

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** The gateway says something each 15 s at least. */
const SILENCE_MS = 40_000;

interface Changes {
  readonly changed: readonly FunctionSummary[];
  readonly removed: readonly string[];
}

/** Follows the gateway's events for as long as there is a session, and tries again when they break off. */
export async function followEvents(): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  while (session.value === 'in') {
    try {
      await readEvents('system/events', { silenceMs: SILENCE_MS }, (event, data) => {
        retryMs = FIRST_RETRY_MS;
        batch(() => apply(event, data));
      });
      disconnected.value = 'the gateway has ended the connection';
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return;
      disconnected.value = messageOf(error);
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }
}

function apply(event: string, data: unknown): void {
  disconnected.value = undefined;
  if (event === 'platform') platform.value = data as PlatformStatus;
  if (event === 'functions') {
    const { functions: all } = data as { functions: readonly FunctionSummary[] };
    functions.value = new Map(all.map((one) => [one.key, one]));
  }
  if (event === 'changes') {
    const { changed, removed } = data as Changes;
    const next = new Map(functions.value);
    for (const one of changed) next.set(one.key, one);
    for (const key of removed) next.delete(key);
    functions.value = next;
  }
}
