import './answer-view.css';
import { functionHref } from '../route';
import { CopyButton } from '../ui/copy-button';
import { Notice } from '../ui/notice';
import { formatBytes, formatMs } from '../ui/numbers';
import { headerOf, type Answer } from './answer';
import { AnswerBody } from './answer-body';
import { explainError, type ErrorExplanation } from './explain-error';
import { timeParts } from './server-timing';
import { StatusBadge } from './status-badge';
import { TimeBar } from './time-bar';

export interface AnswerViewProps {
  readonly functionKey: string;
  readonly answer: Answer;
}

/** What the function, or the gateway in its place, has answered. */
export function AnswerView({ functionKey, answer }: AnswerViewProps) {
  if (answer.status === 0) return <Redirect />;
  const parts = timeParts(headerOf(answer.headers, 'Server-Timing'), answer.elapsedMs);
  const error = explainError(answer);
  return (
    <div class="stack">
      <div class="row answer-facts">
        <StatusBadge status={answer.status} reason={answer.statusText} />
        <span class="numbers">{formatMs(answer.elapsedMs)}</span>
        <span class="numbers">{formatBytes(answer.body.length)}</span>
      </div>
      {parts.length > 0 && <TimeBar parts={parts} />}
      {error && <GatewayError error={error} />}
      {answer.callId !== undefined && (
        <div class="row answer-call">
          <span class="quiet">Call</span>
          <code class="cut" title={answer.callId}>
            {answer.callId}
          </code>
          <CopyButton text={answer.callId} what="call id" />
          <a href={functionHref(functionKey, 'logs', answer.callId)}>Its log lines</a>
        </div>
      )}
      <AnswerBody functionKey={functionKey} answer={answer} />
      <details class="pairs">
        <summary>
          Headers <span class="pairs-count">{answer.headers.length}</span>
        </summary>
        <dl class="answer-headers">
          {answer.headers.map(({ name, value }, index) => (
            <div key={index}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <p class="field-hint">Browsers keep Set-Cookie from pages.</p>
      </details>
    </div>
  );
}

function GatewayError({ error: { who, message, limit, advice, code } }: { readonly error: ErrorExplanation }) {
  return (
    <Notice kind="error">
      <p>
        <strong>{who}</strong> {message}
      </p>
      {limit !== undefined && <p>Limit: {limit}.</p>}
      {advice !== undefined && <p>{advice}</p>}
      <p class="quiet">
        <code>{code}</code>
      </p>
    </Notice>
  );
}

function Redirect() {
  return (
    <div class="stack">
      <div class="row answer-facts">
        <StatusBadge status="3xx" />
      </div>
      <Notice kind="warning" alert={false}>
        <p>The function answered with a redirect. It is not followed, so that nothing is called that you did not ask for.</p>
        <p>Browsers keep its status and Location from a page; the curl command shows them.</p>
      </Notice>
    </div>
  );
}
