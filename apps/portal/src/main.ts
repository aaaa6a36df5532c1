import { ApiError, checkHealth, gatewayUrl, listFunctions, systemInfo, type FunctionStatus } from './api';
import { byId, setText } from './dom';
import { keyOf } from './format';
import { showDetail, showLogs } from './function-detail';
import { focusRow, showList } from './function-list';
import { poll } from './poll';
import { onAnswer, tryFunction } from './try-it';

const LIST_INTERVAL_MS = 2_000;
const HEALTH_INTERVAL_MS = 5_000;

const main = byId('main', HTMLElement);
const filter = byId('filter', HTMLInputElement);
const detail = byId('detail', HTMLElement);
const banner = byId('banner', HTMLElement);

let functions: readonly FunctionStatus[] | undefined;
let readAt = '';
let infoIsFresh = false;
/** The function whose form and log are on the page. */
let opened = '';

function selectedKey(): string {
  try {
    return decodeURIComponent(location.hash.replace(/^#\/?/, ''));
  } catch {
    return '';
  }
}

function selectedFunction(): FunctionStatus | undefined {
  return functions?.find((fn) => keyOf(fn) === selectedKey());
}

function render(): void {
  if (!functions) return;
  const key = selectedKey();
  const fn = selectedFunction();
  const none = functions.length === 0;
  byId('loading', HTMLElement).hidden = true;
  byId('functions', HTMLElement).hidden = none;
  byId('empty', HTMLElement).hidden = !none;
  main.classList.toggle('empty', none);
  showList(functions, filter.value, key);
  main.classList.toggle('one-function', fn !== undefined);
  detail.hidden = fn === undefined;
  byId('nothing-selected', HTMLElement).hidden = fn !== undefined || (key === '' && none);
  const hint = key === '' ? 'Select a function to see and call it.' : `There is no function ${key} here.`;
  setText(byId('nothing-selected-text', HTMLElement), hint);
  document.title = fn ? `${fn.name} · Shoal` : 'Shoal';
  if (!fn) return;
  showDetail(fn);
  if (key === opened) return;
  opened = key;
  tryFunction(key);
  void showLogs(fn);
}

function readLogs(): void {
  const fn = selectedFunction();
  if (fn) void showLogs(fn);
}

async function refresh(): Promise<boolean> {
  try {
    functions = [...(await listFunctions())].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    readAt = new Date().toLocaleTimeString('en-GB');
    banner.hidden = true;
    render();
    if (!infoIsFresh) await showInfo();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    infoIsFresh = false; // what comes back may be another version
    const refused = error.status === 401; // asking on would open the browser's password dialog again and again
    const stale = functions ? ` What you see is from ${readAt}.` : '';
    const next = refused ? '' : ` Trying again every ${LIST_INTERVAL_MS / 1000} seconds.`;
    const why = error.message.replace(/[.\s]+$/, '');
    setText(byId('banner-text', HTMLElement), `The list of functions cannot be read from the gateway: ${why}.${next}${stale}`);
    byId('reload', HTMLElement).hidden = !refused;
    banner.hidden = false;
    return !refused;
  }
}

async function showInfo(): Promise<void> {
  const { provider, version } = await systemInfo();
  setText(byId('version', HTMLElement), `${version?.release ?? 'unknown version'} · ${provider?.provider ?? 'provider unreachable'}`);
  byId('not-a-sandbox', HTMLElement).hidden = !/local/.test(`${provider?.provider} ${provider?.orchestration}`);
  infoIsFresh = provider !== null;
}

async function showHealth(): Promise<boolean> {
  const problem = await checkHealth().then(() => undefined, (error: ApiError) => error);
  byId('health-dot', HTMLElement).className = problem ? 'dot bad' : 'dot good';
  setText(byId('health', HTMLElement), problem ? (problem.status ? `unhealthy (${problem.status})` : 'no answer') : 'healthy');
  return true;
}

setText(byId('deploy-example', HTMLElement), `curl -u admin '${gatewayUrl('system/functions')}' \\
  -H 'Content-Type: application/json' \\
  -d '{"service": "capitals", "image": "capitals", "envProcess": "tr a-z A-Z"}'`);
filter.addEventListener('input', render);
byId('reload', HTMLElement).addEventListener('click', () => location.reload());
byId('refresh-logs', HTMLElement).addEventListener('click', readLogs);
onAnswer(readLogs);
window.addEventListener('hashchange', () => {
  const before = opened;
  render();
  // On a narrow page the list and the function take turns; the focus goes with them.
  if (byId('functions', HTMLElement).offsetParent === null) byId('name', HTMLElement).focus();
  else if (selectedKey() === '') focusRow(before);
});
void poll(LIST_INTERVAL_MS, refresh);
void poll(HEALTH_INTERVAL_MS, showHealth);
