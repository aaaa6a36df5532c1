import './function-page.css';
import { Gauge, Pencil, Play, Trash2 } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { gatewayUrl } from '../api/client';
import { functions } from '../live/live';
import type { FunctionSummary } from '../live/summary';
import { functionHref, FUNCTION_TABS, type FunctionTab } from '../route';
import { TestTab } from '../try/test-tab';
import { Button, LinkButton } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Notice } from '../ui/notice';
import { StateBadge } from '../ui/state-badge';
import { DeleteDialog } from './delete-dialog';
import { DetailsTab } from './details-tab';
import { LogsTab } from './logs-tab';
import { MissingFunction } from './missing-function';
import { OverviewTab } from './overview-tab';
import { QueueTab } from './queue-tab';
import { ScaleDialog } from './scale-dialog';

const TAB_TEXT: Readonly<Record<FunctionTab, string>> = { overview: 'Overview', test: 'Test', logs: 'Logs', queue: 'Queue', details: 'Details' };

export interface FunctionPageProps {
  /** `name.namespace` */
  readonly functionKey: string;
  readonly tab: FunctionTab;
}

/** All about one function. */
export function FunctionPage({ functionKey, tab }: FunctionPageProps) {
  const fn = functions.value?.get(functionKey);
  if (functions.value === undefined) return <p class="loading">Loading…</p>;
  if (fn === undefined) return <MissingFunction key={functionKey} functionKey={functionKey} />;
  return (
    <div class="stack">
      <Head fn={fn} />
      <Tabs fn={fn} tab={tab} />
      {tabOf(fn, tab)}
    </div>
  );
}

function Tabs({ fn, tab }: { readonly fn: FunctionSummary; readonly tab: FunctionTab }) {
  const bar = useRef<HTMLElement>(null);
  // On a narrow page the bar scrolls.
  useEffect(() => bar.current!.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }), [tab]);
  return (
    <nav ref={bar} class="tabs" aria-label="About this function">
      {FUNCTION_TABS.map((one) => (
        <a key={one} href={functionHref(fn.key, one)} aria-current={one === tab ? 'page' : undefined}>
          {TAB_TEXT[one]}
          {one === 'queue' && (fn.dead ?? 0) > 0 && (
            <span class="tab-count">
              {fn.dead}
              <span class="unseen"> dead letters</span>
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}

function tabOf(fn: FunctionSummary, tab: FunctionTab): ComponentChildren {
  switch (tab) {
    case 'overview':
      return <OverviewTab fn={fn} />;
    case 'test':
      return <TestTab functionKey={fn.key} />;
    case 'logs':
      return <LogsTab fn={fn} />;
    case 'queue':
      return <QueueTab fn={fn} />;
    case 'details':
      return <DetailsTab fn={fn} />;
  }
}

function Head({ fn }: { readonly fn: FunctionSummary }) {
  const [dialog, setDialog] = useState<'scale' | 'delete'>();
  const url = gatewayUrl(`function/${fn.key}`);
  const close = () => setDialog(undefined);
  return (
    <header class="stack tight function-head">
      <a href="#/" class="back">
        ← All functions
      </a>
      <div class="row">
        <h1 class="break">
          {fn.name}
          <span class="function-namespace">.{fn.namespace}</span>
        </h1>
        <StateBadge state={fn.state} />
        <span class="grow" />
        <div class="row function-actions">
          <LinkButton kind="primary" icon={Play} href={functionHref(fn.key, 'test')}>
            Test
          </LinkButton>
          <Button icon={Gauge} onClick={() => setDialog('scale')}>
            Scale
          </Button>
          <LinkButton icon={Pencil} href={functionHref(fn.key, 'edit')}>
            Edit
          </LinkButton>
          <Button icon={Trash2} kind="danger" onClick={() => setDialog('delete')}>
            Delete
          </Button>
        </div>
      </div>
      <div class="function-url">
        <code class="cut" title={url}>
          {url}
        </code>
        <CopyButton text={url} what="URL" />
      </div>
      {fn.because !== undefined && (
        <Notice kind={fn.state === 'failing' ? 'error' : 'warning'} alert={false}>
          {fn.because}
        </Notice>
      )}
      {dialog === 'scale' && <ScaleDialog fn={fn} onClose={close} />}
      {dialog === 'delete' && <DeleteDialog fn={fn} onClose={close} />}
    </header>
  );
}
