import { RotateCw } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import { hasEnded, type CallStatus } from '../api/call-status';
import { serverNowMs } from '../api/server-clock';
import { functionHref } from '../route';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Notice } from '../ui/notice';
import { formatBytes, formatMs } from '../ui/numbers';
import { plural } from '../ui/words';
import { AnswerView } from './answer-view';
import type { Outcome, Trial } from './trial';

const LEAST_SEEN_PX = 120;

/** What has become of the call. */
export function OutcomeCard({ trial }: { readonly trial: Trial }) {
  const outcome = trial.outcome.value;
  const card = useRef<HTMLElement>(null);
  const isRunning = trial.isRunning;
  useEffect(() => {
    // On a narrow page it is below the form.
    if (isRunning && card.current!.getBoundingClientRect().top > innerHeight - LEAST_SEEN_PX) card.current!.scrollIntoView({ block: 'start' });
  }, [isRunning]);
  return (
    <section ref={card} class="card stack try-outcome" aria-label="Answer">
      <p class="unseen" role="status">{outcome && spoken(outcome)}</p>
      {outcome === undefined && <p class="try-nothing">The answer appears here.</p>}
      {outcome?.kind === 'sending' && <Sending {...outcome} />}
      {outcome?.kind === 'none' && <Notice kind="error">{outcome.message}</Notice>}
      {outcome?.kind === 'answer' && <AnswerView functionKey={trial.functionKey} answer={outcome.answer} />}
      {outcome?.kind === 'queued' && <Queued trial={trial} outcome={outcome} />}
    </section>
  );
}

function spoken(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'sending':
      return 'Sending';
    case 'answer':
      return `Answered: ${outcome.answer.status || 'a redirect'} ${outcome.answer.statusText}`;
    case 'queued':
      return `The call is ${outcome.call.state}`;
    case 'none':
      return 'No answer';
  }
}

function Sending({ sinceMs, bytes }: Extract<Outcome, { kind: 'sending' }>) {
  useTicks();
  const waited = Date.now() - sinceMs;
  return (
    <p class="row try-sending">
      <span class="spinner" />
      <span class="numbers">
        {bytes === undefined ? 'Waiting for the answer' : `Receiving, ${formatBytes(bytes)} so far`}
        {waited >= 1_000 && `, ${Math.floor(waited / 1_000)} s`}
      </span>
    </p>
  );
}

const STATE_TEXT: Readonly<Record<CallStatus['state'], string>> = {
  queued: 'waits in the queue',
  running: 'runs',
  retrying: 'failed, and is tried again',
  succeeded: 'succeeded',
  failed: 'failed for good',
  cancelled: 'was cancelled',
};
const BADGES: Readonly<Record<CallStatus['state'], string>> = { queued: 'asleep', running: 'starting', retrying: 'updating', succeeded: 'ready', failed: 'failing', cancelled: '' };

function Queued({ trial, outcome: { call, answer, note } }: { readonly trial: Trial; readonly outcome: Extract<Outcome, { kind: 'queued' }> }) {
  const { state, attempts, outcome, nextAttemptAt, acceptedAt, endedAt, id } = call;
  return (
    <>
      <div class="row answer-facts">
        <span class={`state-badge ${BADGES[state]}`}>
          {!hasEnded(call) && note === undefined && <span class="spinner" />}
          {state}
        </span>
        <span>
          The call {STATE_TEXT[state]}
          {state === 'retrying' && nextAttemptAt !== undefined && <Countdown toMs={Date.parse(nextAttemptAt)} />}.
        </span>
        <a href={functionHref(trial.functionKey, 'queue', id)}>Queue</a>
      </div>
      <p class="quiet numbers">
        {plural(attempts, 'attempt')}
        {endedAt !== undefined && `, ended ${formatMs(Math.max(0, Date.parse(endedAt) - Date.parse(acceptedAt)))} after it was accepted`}
        {outcome && `; the last one took ${formatMs(outcome.durationMs)}${outcome.status === undefined ? '' : ` and answered ${outcome.status}`}`}
      </p>
      {outcome?.message !== undefined && outcome.status === undefined && state !== 'succeeded' && (
        <Notice kind={state === 'retrying' ? 'warning' : 'error'}>
          {outcome.message} {outcome.code !== undefined && <code>{outcome.code}</code>}
        </Notice>
      )}
      {state === 'failed' && <p>It is kept as a dead letter: in the queue it can be sent again, or forgotten.</p>}
      {note !== undefined && (
        <Notice kind="warning">
          <p>It is not followed any more: {note}. The call itself goes on.</p>
          <Button icon={RotateCw} onClick={() => trial.followAgain()}>
            Follow it again
          </Button>
        </Notice>
      )}
      {answer ? (
        <AnswerView functionKey={trial.functionKey} answer={answer} />
      ) : (
        <div class="row answer-call">
          <span class="quiet">Call</span>
          <code class="cut" title={id}>
            {id}
          </code>
          <CopyButton text={id} what="call id" />
          <a href={functionHref(trial.functionKey, 'logs', id)}>Its log lines</a>
        </div>
      )}
    </>
  );
}

function Countdown({ toMs }: { readonly toMs: number }) {
  useTicks();
  return <span class="numbers"> in {Math.max(0, Math.ceil((toMs - serverNowMs()) / 1_000))} s</span>;
}

const TICK_MS = 500;

/** Draws what shows a time that passes anew, often enough for seconds. */
function useTicks(): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((before) => before + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
}
