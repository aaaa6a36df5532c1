import { signal } from '@preact/signals';

/** What the page shows; it stands behind the `#` of the address. */
export type Route =
  | { readonly page: 'functions' }
  /** `call`: the id of a call that is looked for there. */
  | { readonly page: 'function'; readonly key: string; readonly tab: FunctionTab; readonly call?: string }
  | { readonly page: 'edit'; readonly key: string }
  | { readonly page: 'new'; readonly store: string | undefined }
  | { readonly page: 'store' }
  | { readonly page: 'secrets' }
  | { readonly page: 'unknown' };

export const FUNCTION_TABS = ['overview', 'test', 'logs', 'queue', 'details'] as const;
export type FunctionTab = (typeof FUNCTION_TABS)[number];

/** The part of an address behind `#`, or the whole of it, as a route. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^[^#]*#/, '').split('?', 2);
  const [first = '', second = '', third = ''] = path.replace(/^\//, '').split('/').map(decode);
  if (first === '') return { page: 'functions' };
  if (first === 'new') return { page: 'new', store: second || undefined };
  if (first === 'store' || first === 'secrets') return { page: first };
  if (first !== 'functions') return { page: 'unknown' };
  if (second === '') return { page: 'functions' };
  if (third === 'edit') return { page: 'edit', key: second };
  const tab = FUNCTION_TABS.find((one) => one === (third || 'overview'));
  const call = new URLSearchParams(query).get('call');
  return tab ? { page: 'function', key: second, tab, ...(call ? { call } : {}) } : { page: 'unknown' };
}

/** The address of a function's page, for `href`. @param call the id of a call to look for there. */
export function functionHref(key: string, tab: FunctionTab | 'edit' = 'overview', call?: string): string {
  return `#/functions/${encodeURIComponent(key)}${tab === 'overview' ? '' : `/${tab}`}${call === undefined ? '' : `?call=${encodeURIComponent(call)}`}`;
}

export const route = signal<Route>(parseRoute(location.hash));
let shownHash = location.hash;
/** What to ask before the page that is shown is left. */
let question: string | undefined;

addEventListener('hashchange', () => {
  if (location.hash === shownHash) return;
  if (!mayLeave()) return history.pushState(undefined, '', shownHash || '#/');
  shownHash = location.hash;
  route.value = parseRoute(shownHash);
});

/** Asks before the page is left, for another one or for good, until the function that is returned is called. */
export function guardLeaving(ask: string): () => void {
  question = ask;
  addEventListener('beforeunload', stay);
  return () => {
    if (question === ask) leaveUnasked();
  };
}

/** From now on the page that is shown may be left. */
export function leaveUnasked(): void {
  question = undefined;
  removeEventListener('beforeunload', stay);
}

function stay(event: Event): void {
  event.preventDefault();
}

/** Whether the page that is shown may be left; asks when it is guarded. */
export function mayLeave(): boolean {
  return question === undefined || confirm(question);
}

export function goTo(href: string): void {
  location.hash = href.replace(/^#/, '');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
