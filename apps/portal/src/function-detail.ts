import { gatewayUrl, lastLogLines, type FunctionStatus } from './api';
import { byId, setText, showPairs } from './dom';
import { keyOf, numbersOf, stateOf } from './format';

const LOG_LINES = 50;
/** What terminals turn into colours. */
// eslint-disable-next-line no-control-regex -- looking for the escape character is the point
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

const url = byId('url', HTMLInputElement);
const copyButton = byId('copy', HTMLButtonElement);
const state = byId('state', HTMLElement);
const logs = byId('logs', HTMLElement);
const logsNote = byId('logs-note', HTMLElement);
const pairsShown = new Map<HTMLElement, string>();
let logsOf = '';

export function showDetail(fn: FunctionStatus): void {
  const { text, className } = stateOf(fn);
  setText(byId('name', HTMLElement), fn.name);
  setText(state, text);
  state.className = className;
  setText(byId('numbers', HTMLElement), numbersOf(fn) + (text === 'asleep' ? ' · a call wakes it' : ''));
  const functionUrl = gatewayUrl(`function/${keyOf(fn)}`);
  if (url.value !== functionUrl) url.value = functionUrl;
  setText(byId('image', HTMLElement), fn.image);
  setText(byId('process', HTMLElement), fn.envProcess || 'as the image says');
  setText(byId('namespace', HTMLElement), fn.namespace || 'default');
  showMap(byId('labels', HTMLElement), fn.labels);
  showMap(byId('annotations', HTMLElement), fn.annotations);
}

function showMap(cell: HTMLElement, map: FunctionStatus['labels']): void {
  const pairs = Object.entries(map ?? {});
  const fingerprint = JSON.stringify(pairs);
  if (pairsShown.get(cell) === fingerprint) return;
  pairsShown.set(cell, fingerprint);
  const list = document.createElement('dl');
  list.className = 'pairs';
  showPairs(list, pairs);
  cell.replaceChildren(pairs.length > 0 ? list : 'none');
}

/** Reads the log anew. When another function was asked for meanwhile, that one wins. */
export async function showLogs(fn: FunctionStatus): Promise<void> {
  if (logsOf !== keyOf(fn)) logs.hidden = true;
  logsOf = keyOf(fn);
  logsNote.textContent = 'reading…';
  try {
    const lines = await lastLogLines(fn, LOG_LINES);
    if (logsOf !== keyOf(fn)) return;
    logs.textContent = lines.map(({ timestamp, text }) => `${timeOfDay(timestamp)}  ${text.trimEnd().replace(ANSI, '')}`).join('\n');
    logs.hidden = lines.length === 0;
    logs.scrollTop = logs.scrollHeight;
    logsNote.textContent = lines.length === 0 ? 'nothing written yet' : `last ${lines.length} lines, as of ${timeOfDay(new Date())}`;
  } catch (error) {
    if (logsOf === keyOf(fn)) logsNote.textContent = `The log cannot be read: ${(error as Error).message}`;
  }
}

function timeOfDay(moment: string | Date): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? String(moment) : date.toLocaleTimeString('en-GB');
}

copyButton.addEventListener('click', () => {
  void copyUrl().then((copied) => {
    copyButton.textContent = copied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => (copyButton.textContent = 'Copy'), 2_000);
  });
});

async function copyUrl(): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(url.value);
    return true;
  } catch {
    // Browsers have no clipboard object on plain http; the old way still works there.
    url.select();
    return document.execCommand('copy');
  }
}
