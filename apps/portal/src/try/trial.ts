import { batch, signal, type Signal } from '@preact/signals';
import { messageOf } from '../api/api-error';
import { hasEnded, type CallStatus } from '../api/call-status';
import { gatewayUrl } from '../api/client';
import type { Answer } from './answer';
import { callUrl } from './call-url';
import { bodyOf, headersOf, NEW_DRAFT, takesBody, type Draft } from './draft';
import { loadTries, storeTries, toTry, withTry, type Try } from './history';
import { answerOf, cancelCall, followCall } from './queued-call';
import { headerProblem, isDropped } from './request-headers';
import { NoAnswer, sendCall } from './send-call';

/** What has become of the last call. */
export type Outcome =
  /** `sinceMs` by this browser's clock. */
  | { readonly kind: 'sending'; readonly sinceMs: number; readonly bytes?: number }
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** `note` says why it is not followed any more. */
  | { readonly kind: 'queued'; readonly call: CallStatus; readonly answer?: Answer; readonly note?: string }
  | { readonly kind: 'none'; readonly message: string };

const MISSING: Readonly<Record<Try['missing'][number], string>> = { body: 'the long body', file: 'the file', secrets: 'values of headers that are secret' };

/**
 * The form of one function, its last answer and the tries before. It outlives its tab: who looks at the logs meanwhile finds all
 * as it was, and a call that runs goes on.
 */
export class Trial {
  readonly draft: Signal<Draft> = signal(NEW_DRAFT);
  readonly outcome: Signal<Outcome | undefined> = signal(undefined);
  readonly tries: Signal<readonly Try[]>;
  /** What is to know about a form that was filled in from a try. */
  readonly note: Signal<string | undefined> = signal(undefined);
  /** Of the call that runs. */
  private readonly running = signal<AbortController | undefined>(undefined);

  constructor(readonly functionKey: string) {
    this.tries = signal(loadTries(functionKey));
  }

  /** Where the draft leads; `undefined` when that is not to this function. */
  url({ mode, path } = this.draft.value): string | undefined {
    return callUrl(gatewayUrl(`${mode === 'sync' ? 'function' : 'async-function'}/${this.functionKey}`), path);
  }

  /** Why the draft cannot be sent; `undefined` when it can. */
  problem(draft = this.draft.value): string | undefined {
    if (this.url(draft) === undefined) return 'The path leads out of the function.';
    if (draft.headers.some((header) => headerProblem(header) !== undefined)) return 'A header cannot be sent as it is.';
    if (draft.bodyKind === 'file' && takesBody(draft) && !draft.file) return 'Choose the file to send, or another kind of body.';
    return undefined;
  }

  change(part: Partial<Draft>): void {
    this.draft.value = { ...this.draft.value, ...part };
  }

  get isRunning(): boolean {
    return this.running.value !== undefined;
  }

  /** Sends the draft, and keeps it as a try once it has ended. Never rejects; does nothing while a call runs. */
  async send(): Promise<void> {
    const draft = this.draft.value;
    const url = this.url(draft);
    if (this.isRunning || url === undefined || this.problem(draft) !== undefined) return;
    const running = new AbortController();
    this.running.value = running;
    const atMs = Date.now();
    this.note.value = undefined;
    this.outcome.value = { kind: 'sending', sinceMs: atMs };
    try {
      const answer = await sendCall(draft.method, url, headersOf(draft).filter(({ name }) => !isDropped(name)), bodyOf(draft), {
        signal: running.signal,
        onProgress: (bytes) => (this.outcome.value = { kind: 'sending', sinceMs: atMs, bytes }),
      });
      this.outcome.value = { kind: 'answer', answer };
      if (draft.mode === 'async' && answer.status === 202 && answer.callId !== undefined) {
        // Cancelled when it was in the queue already.
        if (running.signal.aborted) await cancelCall(answer.callId).catch(() => undefined); // It has ended by then, as is shown.
        await this.follow(answer.callId);
      }
    } catch (error) {
      this.outcome.value = { kind: 'none', message: error instanceof NoAnswer ? error.message : `The page could not make the call: ${messageOf(error)}.` };
    } finally {
      batch(() => {
        this.running.value = undefined;
        this.remember(toTry(draft, atMs, summaryOf(this.outcome.value)));
      });
    }
  }

  /** Breaks off the call that runs; an asynchronous one is cancelled in the queue. */
  async cancel(): Promise<void> {
    const outcome = this.outcome.value;
    // A call that is queued is followed on: it ends as cancelled.
    if (outcome?.kind === 'queued' && outcome.note === undefined) return cancelCall(outcome.call.id);
    this.running.value?.abort();
  }

  /** Again, for a call that was lost out of sight. */
  async followAgain(): Promise<void> {
    const outcome = this.outcome.value;
    if (this.isRunning || outcome?.kind !== 'queued') return;
    this.running.value = new AbortController();
    try {
      await this.follow(outcome.call.id);
    } finally {
      this.running.value = undefined;
    }
  }

  /** Fills in the form as it was. */
  fill(one: Try): void {
    this.draft.value = { ...NEW_DRAFT, ...one.draft };
    this.note.value = one.missing.length === 0 ? undefined : `Not kept, so not filled in: ${one.missing.map((part) => MISSING[part]).join(', ')}.`;
  }

  forgetTries(): void {
    this.remember();
  }

  private async follow(id: string): Promise<void> {
    // Nobody stops looking: who cancels the call waits to see it end.
    const { signal } = new AbortController();
    let call: CallStatus = { id, state: 'queued', acceptedAt: new Date().toISOString(), attempts: 0, function: this.functionKey, refusals: 0 };
    this.outcome.value = { kind: 'queued', call };
    try {
      call = await followCall(id, signal, (step) => {
        call = step;
        this.outcome.value = { kind: 'queued', call };
      });
      const answer = answerOf(call);
      this.outcome.value = { kind: 'queued', call, ...(answer && { answer }), ...(hasEnded(call) ? {} : { note: 'The gateway has ended the connection' }) };
    } catch (error) {
      this.outcome.value = { kind: 'queued', call, note: messageOf(error) };
    }
  }

  private remember(next?: Try): void {
    this.tries.value = next ? withTry(this.tries.value, next) : [];
    storeTries(this.functionKey, this.tries.value);
  }
}

/** In a few letters, for the list. */
function summaryOf(outcome: Outcome | undefined): Pick<Try, 'outcome' | 'elapsedMs'> {
  if (outcome?.kind === 'answer') return { outcome: outcome.answer.status === 0 ? 'redirect' : String(outcome.answer.status), elapsedMs: outcome.answer.elapsedMs };
  if (outcome?.kind === 'queued') return { outcome: outcome.call.state, ...(outcome.call.outcome ? { elapsedMs: outcome.call.outcome.durationMs } : {}) };
  return { outcome: 'no answer' };
}

const MAX_TRIALS = 10;
const trials = new Map<string, Trial>();

/** The trial of a function, as it was left; of the functions looked at before, the last few are kept. */
export function trialOf(functionKey: string): Trial {
  const trial = trials.get(functionKey) ?? new Trial(functionKey);
  trials.delete(functionKey);
  trials.set(functionKey, trial);
  for (const [key, { isRunning }] of trials) {
    if (trials.size <= MAX_TRIALS) break;
    if (!isRunning) trials.delete(key);
  }
  return trial;
}
