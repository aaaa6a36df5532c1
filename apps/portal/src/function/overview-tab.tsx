import './overview-tab.css';
import { Play } from 'lucide';
import { request } from '../api/client';
import { functionPath } from '../api/function-status';
import { serverNowMs } from '../api/server-clock';
import type { FunctionSummary } from '../live/summary';
import { functionHref } from '../route';
import { LinkButton } from '../ui/button';
import { Empty } from '../ui/empty';
import { lazyPage } from '../ui/lazy-page';
import { Notice } from '../ui/notice';
import { formatAgo } from '../ui/numbers';
import { useResource } from '../ui/use-resource';
import { ScalingCard, type ScalingStatus } from './scaling-card';
import { readStatistics } from './statistics';

const STATISTICS_EVERY_MS = 5_000;
const SCALING_EVERY_MS = 2_000;

/** What draws them is as large as all the rest. */
const Charts = lazyPage(() => import('./charts').then((module) => module.Charts));

/** How a function is doing, and why it has as many replicas as it has. */
export function OverviewTab({ fn }: { readonly fn: FunctionSummary }) {
  const statistics = useResource(`${fn.key} statistics`, (signal) => readStatistics(fn, signal), STATISTICS_EVERY_MS);
  const scaling = useResource(`${fn.key} scaling`, (signal) => request<ScalingStatus>('GET', functionPath(fn, 'scaling'), { signal }), SCALING_EVERY_MS);
  const error = statistics.error ?? scaling.error;
  const withCalls = fn.inFlight > 0 || (statistics.value?.points.length ?? 0) > 0;
  return (
    <div class="stack">
      {error !== undefined && <Notice kind="warning">This may be old: {error}.</Notice>}
      {statistics.value && !withCalls && <Quiet fn={fn} />}
      <div class="overview-charts">
        {statistics.value ? <Charts fn={fn} statistics={statistics.value} changes={scaling.value?.changes ?? []} withCalls={withCalls} /> : <p class="loading overview-space">Loading…</p>}
      </div>
      {scaling.value && <ScalingCard fn={fn} scaling={scaling.value} />}
    </div>
  );
}

function Quiet({ fn }: { readonly fn: FunctionSummary }) {
  const test = (
    <LinkButton href={functionHref(fn.key, 'test')} icon={Play} kind="primary">
      Test it
    </LinkButton>
  );
  return (
    <section class="card">
      {fn.lastCallAt === undefined ? (
        <Empty title="No calls yet">
          <p>Once somebody calls it, this shows how often, how fast and how well it answers.</p>
          {test}
        </Empty>
      ) : (
        <Empty title="No calls in the last ten minutes">
          <p>The last one was {formatAgo(Date.parse(fn.lastCallAt), serverNowMs())}.</p>
          {test}
        </Empty>
      )}
    </section>
  );
}
