import { gatewayUrl } from './api';
import { byId, setText, showPairs } from './dom';
import { callUrlOf, indentJson, shoalErrorOf } from './format';

const MAX_ANSWER_BYTES = 1_048_576;

const form = byId('call', HTMLFormElement);
const method = byId('method', HTMLSelectElement);
const requestBody = byId('body', HTMLTextAreaElement);
const outcome = byId('outcome', HTMLOutputElement);
const answerText = byId('answer-text', HTMLElement);
const shoalError = byId('shoal-error', HTMLElement);
let key = '';
let running: AbortController | undefined;

/** Points the form at another function and forgets what was typed and answered for the last one. */
export function tryFunction(functionKey: string): void {
  running?.abort();
  running = undefined;
  key = functionKey;
  form.reset();
  showBodyField();
  showOutcome('', '');
}

/** Calls `listener` after each call that was answered. */
export function onAnswer(listener: () => void): void {
  form.addEventListener('answered', listener);
}

async function call(): Promise<void> {
  const url = callUrlOf(gatewayUrl(`function/${key}`), byId('path', HTMLInputElement).value);
  if (url === undefined) return showOutcome('The path must stay below the function’s URL.', 'bad');
  const controller = new AbortController();
  running = controller;
  showOutcome('Calling…', '');
  try {
    const started = performance.now();
    const response = await send(url, controller.signal);
    const body = await readUpTo(MAX_ANSWER_BYTES, response);
    if (running !== controller) return;
    running = undefined;
    showAnswer(response, body, performance.now() - started);
    form.dispatchEvent(new Event('answered'));
  } catch {
    if (running !== controller) return;
    running = undefined;
    showOutcome(controller.signal.aborted ? 'Cancelled.' : 'No whole answer: the connection failed or broke off.', 'bad');
  }
}

function send(url: string, signal: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: method.value,
    signal,
    cache: 'no-store',
    redirect: 'manual',
    credentials: 'omit', // else the browser sends our sign-in along, and the gateway hands it to the function
    ...(hasBody() ? { body: requestBody.value, headers: { 'Content-Type': byId('type', HTMLSelectElement).value } } : {}),
  });
}

/** Reads the body, and stops somewhere behind `maxBytes`. */
async function readUpTo(maxBytes: number, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  setText(outcome, `${response.status} · receiving…`);
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done && bytes <= maxBytes; part = await reader?.read()) {
    chunks.push(part.value);
    bytes += part.value.length;
  }
  if (bytes > maxBytes) await reader?.cancel();
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function showAnswer(response: Response, body: Uint8Array, tookMs: number): void {
  const { headers, status, statusText } = response;
  const redirect = response.type === 'opaqueredirect';
  const cut = body.length > MAX_ANSWER_BYTES;
  const type = headers.get('content-type');
  const text = textOf(body.subarray(0, MAX_ANSWER_BYTES), cut);
  const json = !cut && text && (/json/i.test(type ?? '') || /^\s*[{[]/.test(text)) ? indentJson(text) : undefined;
  const explanation = shoalErrorOf(headers.get('x-shoal-error'), text ?? '');

  const outcomeText = redirect ? 'Redirect' : `${status} ${statusText}`.trim();
  showOutcome(`${outcomeText} · ${tookMs.toFixed(tookMs < 10 ? 1 : 0)} ms`, redirect || response.ok ? 'good' : 'bad');
  const callId = `X-Call-Id: ${headers.get('x-call-id') ?? 'none'}`;
  setText(byId('call-id', HTMLElement), redirect ? 'Browsers hide where a redirect leads; curl shows it.' : callId);
  setText(shoalError, explanation ?? '');
  shoalError.hidden = explanation === undefined;
  setText(byId('headers-title', HTMLElement), `Response headers (${[...headers].length})`);
  showPairs(byId('headers', HTMLElement), [...headers]);
  const bytes = `${Math.min(body.length, MAX_ANSWER_BYTES).toLocaleString('en')} bytes`;
  const size = body.length === 0 ? 'Empty body' : cut ? `The first ${bytes}: use curl for all of it` : bytes;
  const notes = [size, type, json && 'laid out for reading', text === undefined && 'not text: use curl'];
  setText(byId('body-note', HTMLElement), notes.filter(Boolean).join(' · '));
  answerText.textContent = json ?? text ?? '';
  answerText.hidden = !answerText.textContent;
  byId('answer', HTMLElement).hidden = false;
}

/** `undefined` when it is not UTF-8 text. */
function textOf(body: Uint8Array, cut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: cut });
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function showOutcome(text: string, className: '' | 'good' | 'bad'): void {
  outcome.textContent = text;
  outcome.className = className;
  byId('answer', HTMLElement).hidden = true;
  byId('send', HTMLButtonElement).disabled = running !== undefined;
  byId('cancel', HTMLButtonElement).hidden = running === undefined;
}

function hasBody(): boolean {
  return method.value !== 'GET' && method.value !== 'HEAD';
}

function showBodyField(): void {
  requestBody.disabled = !hasBody();
  requestBody.placeholder = hasBody() ? '' : `${method.value} sends no body`;
}

method.addEventListener('change', showBodyField);
byId('cancel', HTMLButtonElement).addEventListener('click', () => running?.abort());
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!running) void call();
});
requestBody.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
