import type { FunctionChange } from '@shoal/domain/functions/function-provider';
import type { FunctionId } from '@shoal/domain/functions/function-spec';
import type { CallBatch } from '@shoal/domain/invocation/call-log';
import type { CallCounts } from '@shoal/domain/invocation/elsewhere';
import type { ErrorCode, ErrorFacts } from '@shoal/domain/shared/errors';

/** A `ShoalError` on its way; one of another kind is `internal`. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts: ErrorFacts;
}

/** What a data-plane worker is told by its gateway. Both ways, messages arrive in order. */
export type ToWorker =
  /** The first one. `socketPath` is where all that is no call of a function is passed on to. */
  | { readonly kind: 'start'; readonly socketPath: string; readonly port: number; readonly maxWaiting: number }
  /** All functions are known: it may listen. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'change'; readonly change: FunctionChange }
  | { readonly kind: 'grant'; readonly key: string; readonly replicaId: string; readonly grant: number; readonly permits: number }
  | { readonly kind: 'recall'; readonly key: string; readonly permits: number }
  | { readonly kind: 'elsewhere'; readonly counts: CallCounts }
  /** The answer to `wake`. */
  | { readonly kind: 'woken'; readonly order: number; readonly error?: ErrorMessage }
  | { readonly kind: 'drain'; readonly limitMs: number };

/** What a process uses. */
export interface Usage {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

/** Of calls since the last one. It comes every `REPORT_MS`, and says that the worker is alive. */
export interface Report {
  readonly kind: 'report';
  readonly batch: CallBatch;
  readonly counts: readonly CallCounts[];
  /** Now and then. */
  readonly usage?: Usage;
}

/** What a worker says about the room of replicas and about its calls. */
export type ShareMessage =
  | { readonly kind: 'want'; readonly key: string; readonly calls: number; readonly received: number }
  | { readonly kind: 'giveBack'; readonly key: string; readonly replicaId: string; readonly grant: number; readonly permits: number }
  | Report;

export type FromWorker =
  | ShareMessage
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot start, for a reason that is told to whoever started the gateway. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'wake'; readonly order: number; readonly key: string }
  | { readonly kind: 'unreachable'; readonly id: FunctionId; readonly replicaId: string };

export const REPORT_MS = 50;
