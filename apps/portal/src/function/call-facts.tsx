import { outcomeInWords, type CallResult, type CallStatus, type DeadLetter } from '../api/call-status';
import { formatBytes, formatMs } from '../ui/numbers';
import { plural } from '../ui/words';
import { Facts } from './facts';

/** Of a longer answer the rest is not drawn. */
const MAX_SHOWN_LENGTH = 50_000;

/** All that is known of an asynchronous call, with the answer as text. */
export function CallFacts({ call }: { readonly call: CallStatus | DeadLetter }) {
  const { outcome, callback, result } = call;
  return (
    <div class="stack tight">
      <Facts
        label="The call"
        of={[
          ['Id', <code>{call.id}</code>],
          ['Function', call.function],
          ['State', call.state],
          ['Request', 'method' in call ? <code>{`${call.method} ${call.path || '/'} (${formatBytes(call.bodyBytes)})`}</code> : undefined],
          ['Accepted', timeOf(call.acceptedAt)],
          ['Last attempt', timeOf(call.startedAt)],
          ['Ended', timeOf(call.endedAt)],
          ['Next attempt', timeOf(call.nextAttemptAt)],
          ['Attempts', `${call.attempts}${call.refusals > 0 ? `, of which ${call.refusals} found no room and do not count` : ''}`],
          ['Outcome', outcome && `${outcomeInWords(call)} after ${formatMs(outcome.durationMs)}`],
          ['Callback', callback && `${callback.url}: ${callback.state} after ${plural(callback.attempts, 'attempt')}${callback.status === undefined ? '' : `, answered ${callback.status}`}${callback.message === undefined ? '' : `: ${callback.message}`}`],
        ]}
      />
      {result && <Answer result={result} />}
    </div>
  );
}

function Answer({ result: { status, headers, body, encoding } }: { readonly result: CallResult }) {
  return (
    <section class="stack tight">
      <h3>
        Last answer: {status} <span class="quiet">{headers['content-type']?.[0]}</span>
      </h3>
      {body === undefined ? (
        <p class="quiet">It was longer than what is kept.</p>
      ) : encoding === 'base64' ? (
        <p class="quiet">{formatBytes(Math.floor((body.length * 3) / 4))} that are no text.</p>
      ) : body === '' ? (
        <p class="quiet">It was empty.</p>
      ) : (
        <pre class="queue-answer" tabIndex={0}>
          {body.length > MAX_SHOWN_LENGTH ? `${body.slice(0, MAX_SHOWN_LENGTH)}…` : body}
        </pre>
      )}
    </section>
  );
}

function timeOf(iso: string | undefined): string | undefined {
  return iso && new Date(iso).toLocaleString();
}
