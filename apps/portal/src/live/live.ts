import { batch, signal } from '@preact/signals';
import { keepConnected } from '../api/keep-connected';
import { readEvents } from './read-events';
import type { FunctionSummary, PlatformStatus } from './summary';

/** `undefined` until the gateway has told them for the first time. */
export const functions = signal<ReadonlyMap<string, FunctionSummary> | undefined>(undefined);
export const platform = signal<PlatformStatus | undefined>(undefined);
/** Why what is shown may be old; `undefined` while the gateway tells us. */
export const disconnected = signal<string | undefined>(undefined);

interface Changes {
  readonly changed: readonly FunctionSummary[];
  readonly removed: readonly string[];
}

/** Follows the gateway's events, until `signal`. */
export async function followEvents(signal: AbortSignal): Promise<void> {
  await keepConnected({ signal, onState: (problem) => (disconnected.value = problem) }, (inner, connected) =>
    readEvents('system/events', inner, (event, data) => {
      batch(() => {
        connected();
        apply(event, data);
      });
    }),
  );
}

function apply(event: string, data: unknown): void {
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
