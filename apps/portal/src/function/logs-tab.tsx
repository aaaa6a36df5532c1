import './logs-tab.css';
import { shellWord } from '@shoal/domain/shared/shell-word';
import { Download } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { FunctionSummary } from '../live/summary';
import { route } from '../route';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Field, TextField } from '../ui/field';
import { saveFile } from '../ui/save-file';
import { plural } from '../ui/words';
import { followLog, FIRST_LINES } from './follow-log';
import { appendLines, countLines, matches, MAX_LINES, MAX_LOG_CHARS, toText, withoutKnown, type LogBlock, type LogFilter } from './log-buffer';
import { LogView } from './log-view';

/** Replicas to choose from. */
const MAX_INSTANCES = 100;

/** What the processes of a function write, as they write it. */
export function LogsTab({ fn }: { readonly fn: FunctionSummary }) {
  const [instance, setInstance] = useState('');
  const [text, setText] = useState('');
  // Links from elsewhere name a call.
  const named = (route.value.page === 'function' && route.value.call) || '';
  const [call, setCall] = useState(named);
  useEffect(() => setCall(named), [named]);
  const [timestamps, setTimestamps] = useState(true);
  const [wrap, setWrap] = useState(true);
  const [following, setFollowing] = useState(true);
  const { blocks, instances, problem, isOpen } = useLog(fn, instance);
  const filter: LogFilter = { text, call };
  const shown = blocks.flatMap(({ lines }) => lines.filter((line) => matches(line, filter)));
  const total = countLines(blocks);
  const chosen = () => toText(shown, { timestamps });
  return (
    <div class="stack">
      <div class="logs-bar">
        <TextField label="Filter" value={text} onInput={setText} placeholder="Text in a line" />
        <TextField label="Call id" value={call} onInput={(value) => setCall(value.trim())} placeholder="Lines of one call" />
        <Field label="Replica">
          {(attributes) => (
            <select {...attributes} value={instance} onChange={({ currentTarget }) => setInstance(currentTarget.value)}>
              <option value="">All replicas</option>
              {instances.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="row">
          <CopyButton text={chosen} what="log" />
          <Button kind="quiet" icon={Download} aria-label="Download log" title="Download log" onClick={() => saveFile(`${fn.key}.log`, chosen())} />
        </div>
      </div>
      <div class="logs-options">
        <Toggle label="Follow" value={following} onChange={setFollowing} />
        <Toggle label="Times" value={timestamps} onChange={setTimestamps} />
        <Toggle label="Wrap lines" value={wrap} onChange={setWrap} />
        <span class="grow" />
        <span class="quiet numbers">{countInWords(shown.length, total)}</span>
        <span class={`logs-state${problem !== undefined ? ' broken' : following ? '' : ' paused'}`} role="status">
          {problem !== undefined ? `Connecting again: ${problem}` : !isOpen ? 'Connecting…' : following ? 'Live' : 'Paused'}
        </span>
      </div>
      <LogView blocks={blocks} filter={filter} timestamps={timestamps} wrap={wrap} following={following} onFollow={setFollowing}>
        {isOpen && shown.length === 0 && <p class="logs-none">{whyEmpty(fn, total, call)}</p>}
      </LogView>
      <p class="quiet">
        The last {FIRST_LINES} lines and all that come, up to {MAX_LINES.toLocaleString('en-US')} or {(MAX_LOG_CHARS / 1_000_000).toLocaleString('en-US')} million characters; then the oldest go.
      </p>
    </div>
  );
}

interface Log {
  readonly blocks: readonly LogBlock[];
  readonly instances: readonly string[];
  /** Why there is no connection. */
  readonly problem?: string | undefined;
  /** Whether there has been one. */
  readonly isOpen: boolean;
}

function useLog({ name, namespace }: FunctionSummary, instance: string): Log {
  const [log, setLog] = useState<Log>({ blocks: [], instances: [], isOpen: false });
  useEffect(() => {
    const ending = new AbortController();
    setLog(({ instances }) => ({ blocks: [], instances, isOpen: false }));
    void followLog({
      name,
      namespace,
      instance,
      signal: ending.signal,
      onState: (problem) => setLog((before) => ({ ...before, problem, isOpen: before.isOpen || problem === undefined })),
      onLines: (lines, again) =>
        setLog((before) => ({
          ...before,
          blocks: appendLines(before.blocks, again ? withoutKnown(before.blocks, lines) : lines),
          instances: [...new Set([...before.instances, ...lines.map((line) => line.instance)])].slice(-MAX_INSTANCES),
        })),
    });
    return () => ending.abort();
  }, [name, namespace, instance]);
  return log;
}

function Toggle({ label, value, onChange }: { readonly label: string; readonly value: boolean; readonly onChange: (value: boolean) => void }) {
  return (
    <label>
      <input type="checkbox" checked={value} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      {label}
    </label>
  );
}

function whyEmpty({ name, namespace }: FunctionSummary, total: number, call: string): ComponentChildren {
  if (total === 0) return 'Nothing has been written yet. What the function writes comes here as it is written.';
  if (call === '') return 'No line has that in it.';
  return (
    <>
      No line that is loaded here names that call, and older ones were not searched: <code>{`shoal logs ${name} --namespace ${namespace} --call ${shellWord(call)}`}</code> reads all. Only with <code>log_callid=true</code> in its environment does a function name the call in every line about one.
    </>
  );
}

function countInWords(shown: number, total: number): string {
  const all = plural(total, 'line');
  return shown === total ? all : `${shown.toLocaleString('en-US')} of ${all}`;
}
