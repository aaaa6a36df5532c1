import type { ScalingRecord } from '@shoal/domain/scaling/autoscaler';
import type { ScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { useState } from 'preact/hooks';
import { serverNowMs } from '../api/server-clock';
import type { FunctionSummary } from '../live/summary';
import { functionHref } from '../route';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { formatAgo, formatCount } from '../ui/numbers';
import { plural, sentence } from '../ui/words';
import { policyInWords } from './scaling-in-words';

/** As `GET /system/function/NAME/scaling` tells it. */
export interface ScalingStatus {
  /** Absent when its labels are wrong. */
  readonly policy?: ScalingPolicy;
  /** What is wrong with them. */
  readonly problem?: string;
  /** The last look; absent before the first. */
  readonly now?: ScalingRecord;
  /** The latest first. */
  readonly changes: readonly ScalingRecord[];
}

/** Shown before more are asked for. */
const FIRST_CHANGES = 8;

/** Why a function has as many replicas as it has. */
export function ScalingCard({ fn, scaling }: { readonly fn: FunctionSummary; readonly scaling: ScalingStatus }) {
  const { policy, problem, now, changes } = scaling;
  return (
    <section class="card stack">
      <div class="row">
        <h2 class="grow">
          Why {plural(fn.replicas, 'replica')}
        </h2>
        <a href={functionHref(fn.key, 'edit')}>Change its policy</a>
      </div>
      {problem !== undefined && <Notice kind="error">It does not scale: {problem}.</Notice>}
      {now && (
        <div class="scaling-now">
          <p class="break">{sentence(now.because)}</p>
          <code class="break">{now.formula}</code>
          <p class="quiet numbers">
            {now.ready} ready · {formatCount(now.concurrency)} calls at a time · {formatCount(now.waiting)} waiting
          </p>
        </div>
      )}
      {policy && <p class="quiet">{policyInWords(policy).join(' ')}</p>}
      <Changes changes={changes} />
    </section>
  );
}

function Changes({ changes }: { readonly changes: readonly ScalingRecord[] }) {
  const [all, setAll] = useState(false);
  const nowMs = serverNowMs();
  return (
    <div class="stack tight">
      <h3>Changes</h3>
      {changes.length === 0 && <p class="quiet">None since the gateway started.</p>}
      <ol class="scaling-changes">
        {(all ? changes : changes.slice(0, FIRST_CHANGES)).map(({ at, from, to, because, error }) => (
          <li key={at}>
            <time dateTime={at} title={new Date(at).toLocaleString()} class="quiet numbers">
              {formatAgo(Date.parse(at), nowMs)}
            </time>
            <b class="numbers">
              {from} → {to}
            </b>
            <span class="break">
              {sentence(because)}
              {error !== undefined && <strong class="scaling-error"> It could not be ordered: {error}.</strong>}
            </span>
          </li>
        ))}
      </ol>
      {!all && changes.length > FIRST_CHANGES && (
        <div>
          <Button onClick={() => setAll(true)}>Show all {changes.length}</Button>
        </div>
      )}
    </div>
  );
}
