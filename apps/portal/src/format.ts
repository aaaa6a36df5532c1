import { messageInBody, type FunctionStatus } from './api';

interface ShownState {
  readonly text: 'ready' | 'asleep' | 'starting or failing';
  readonly className: string;
}

export function stateOf({ availableReplicas = 0, replicas = 0 }: FunctionStatus): ShownState {
  if (availableReplicas > 0) return { text: 'ready', className: 'state ready' };
  if (replicas === 0) return { text: 'asleep', className: 'state asleep' };
  return { text: 'starting or failing', className: 'state waiting' };
}

/** `name.namespace`, as in URLs. */
export function keyOf({ name, namespace }: FunctionStatus): string {
  return namespace ? `${name}.${namespace}` : name;
}

export function numbersOf({ availableReplicas = 0, replicas = 0, invocationCount = 0 }: FunctionStatus): string {
  const calls = invocationCount === 1 ? '1 call' : `${invocationCount.toLocaleString('en')} calls`;
  return `${availableReplicas + replicas === 0 ? 'no replicas' : `${availableReplicas}/${replicas} replicas`} · ${calls}`;
}

/**
 * The URL of a call: `rest` is a path, a query, or both, as a person types them.
 *
 * @returns `undefined` when `..` would lead out of the function, for instance into `/system`.
 */
export function callUrlOf(functionUrl: string, rest: string): string | undefined {
  const typed = rest.trim();
  const url = new URL(functionUrl + (typed === '' || /^[/?]/.test(typed) ? typed : `/${typed}`));
  const { pathname } = new URL(functionUrl);
  return url.pathname === pathname || url.pathname.startsWith(`${pathname}/`) ? url.href : undefined;
}

/** Lays JSON out over lines without touching its numbers and strings (`JSON.stringify` would round). `undefined` when it is no JSON. */
export function indentJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let out = '';
  let depth = 0;
  let previous = '';
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (closes ? previous !== '{' && previous !== '[' : /^[{[,]$/.test(previous)) out += `\n${'  '.repeat(depth)}`;
    out += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth++;
    previous = token;
  }
  return out;
}

/** What to say about an answer that Shoal made itself; `undefined` when it is the function's own. */
export function shoalErrorOf(code: string | null, body: string): string | undefined {
  if (code === null) return undefined;
  const facts = [code, ...factsIn(body)].join(', ');
  return `Shoal answered this itself, not the function: ${messageInBody(body) || 'no explanation was given'} (${facts})`;
}

function factsIn(body: string): readonly string[] {
  try {
    const { layer, limitMs, elapsedMs } = JSON.parse(body) as Record<string, unknown>;
    return [
      ...(typeof layer === 'string' ? [`noticed by the ${layer}`] : []),
      ...(typeof limitMs === 'number' ? [`limit ${limitMs.toLocaleString('en')} ms`] : []),
      ...(typeof elapsedMs === 'number' ? [`after ${elapsedMs.toLocaleString('en')} ms`] : []),
    ];
  } catch {
    return [];
  }
}
