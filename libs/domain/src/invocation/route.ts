import { MAX_NAME_LENGTH, type FunctionId } from '../functions/function-spec';

/** Where a request belongs, by its method and its raw request target. */
export type Route =
  | { readonly kind: 'function'; readonly id: FunctionId; readonly rest: string }
  | { readonly kind: 'async-function'; readonly id: FunctionId; readonly rest: string }
  /** `POST /`: a header or the body names the function. */
  | { readonly kind: 'root' }
  /** Under `/function/` or `/async-function/`, but with no name that a function could have. */
  | { readonly kind: 'no-function' }
  | { readonly kind: 'control-plane' };

const FUNCTION = '/function/';
const ASYNC_FUNCTION = '/async-function/';
/** Asks for a call instead of making one; a function of that name can still be called with `POST`. */
const LOOK_UP = /^\/async-function\/calls\/[^/?]/;
/** What may stand in the name's place (wire contract §1.1); whether such a function exists is another question. */
const NAME_SEGMENT = /^[A-Za-z0-9\-_.]+$/;

/** A name, a dot and a namespace, as long as they can be (wire contract §1.4.0); errors name what was asked for. */
const MAX_SEGMENT_LENGTH = 2 * MAX_NAME_LENGTH + 1;

/**
 * Reads the request target as it came, without decoding or cleaning: what follows the name reaches the function
 * byte for byte as `rest`, a path and query that begins with `/`.
 */
export function routeOf(method: string, target: string, defaultNamespace: string): Route {
  if (target.startsWith(FUNCTION)) return functionRoute('function', target, FUNCTION.length, defaultNamespace);
  if (target.startsWith(ASYNC_FUNCTION)) {
    if (LOOK_UP.test(target) && method !== 'POST') return { kind: 'control-plane' };
    return functionRoute('async-function', target, ASYNC_FUNCTION.length, defaultNamespace);
  }
  if (method === 'POST' && (target === '/' || target.startsWith('/?'))) return { kind: 'root' };
  return { kind: 'control-plane' };
}

function functionRoute(
  kind: 'function' | 'async-function',
  target: string,
  nameStart: number,
  defaultNamespace: string,
): Route {
  const nameEnd = endOfSegment(target, nameStart);
  const id = parseFunctionName(target.slice(nameStart, nameEnd), defaultNamespace);
  if (!id) return { kind: 'no-function' };
  const rest = target.slice(nameEnd);
  return { kind, id, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

function endOfSegment(target: string, start: number): number {
  for (let i = start; i < target.length; i++) {
    const char = target.charCodeAt(i);
    if (char === 0x2f /* / */ || char === 0x3f /* ? */) return i;
  }
  return target.length;
}

/** Reads `name` or `name.namespace`; the namespace stands behind the last dot. `undefined` when it is neither. */
export function parseFunctionName(text: string, defaultNamespace: string): FunctionId | undefined {
  if (text.length > MAX_SEGMENT_LENGTH || !NAME_SEGMENT.test(text)) return undefined;
  const dot = text.lastIndexOf('.');
  if (dot < 0) return { name: text, namespace: defaultNamespace };
  if (dot === 0 || dot === text.length - 1) return undefined;
  return { name: text.slice(0, dot), namespace: text.slice(dot + 1) };
}

/** What of an Alexa request routes it. */
interface AlexaRequest {
  readonly session?: { readonly sessionId?: unknown };
  readonly request?: { readonly type?: unknown; readonly intent?: { readonly name?: unknown } };
}

/**
 * The function that an Alexa request means: the intent `HostnameIntent` is answered by `hostname-intent`.
 *
 * @param body the parsed request body.
 * @returns `undefined` when it is not an Alexa request with an intent.
 */
export function functionNameOfIntent(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { session, request } = body as AlexaRequest;
  const intent = request?.intent?.name;
  if (typeof session?.sessionId !== 'string' || typeof intent !== 'string') return undefined;
  const kebab = intent
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replace(/[._]/g, '-')
    .toLowerCase();
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(kebab) ? kebab : undefined;
}
