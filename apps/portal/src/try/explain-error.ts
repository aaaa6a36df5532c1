import { formatMs } from '../ui/numbers';
import { sentence } from '../ui/words';
import { headerOf, type Answer } from './answer';
import { textOf } from './body-kind';

/** An error that is ours and not the function's, for people. */
export interface ErrorExplanation {
  /** Who gave up, in a sentence. */
  readonly who: string;
  readonly message: string;
  /** Which limit was hit, and when. */
  readonly limit?: string;
  /** What to do. */
  readonly advice?: string;
  readonly code: string;
}

const LAYERS: Readonly<Record<string, string>> = {
  gateway: 'The gateway answered, not the function.',
  provider: 'The platform that runs the replicas gave up, not the function.',
  watchdog: 'The watchdog in front of the function answered for it.',
  function: 'The function broke off its answer.',
};

const ADVICE: Readonly<Record<string, string>> = {
  'exec-timeout': 'Make it faster, raise exec_timeout in its environment, or call it asynchronously.',
  'upstream-timeout': 'Make it faster, raise upstream_timeout of the gateway, or call it asynchronously.',
  'not-ready-in-time': 'The overview says why it is not ready; its logs may say more.',
  'not-ready': 'The overview says why it is not ready; its logs may say more.',
  'over-capacity': 'Give it more replicas or room for more calls, or try again later.',
  'queue-full': 'Let calls that wait end, or raise SHOAL_ASYNC_MAX_CALLS.',
  'out-of-memory': 'Raise its memory limit, or let it use less.',
  'replica-failed': 'Its logs say what happened.',
  'replica-unreachable': 'Its logs may say why it does not listen.',
  'body-too-large': 'Send less at a time.',
  'shutting-down': 'The gateway is restarting: try again in a moment.',
  'function-not-found': 'It was deleted meanwhile: deploy it again.',
  'route-not-found': 'Call it and wait for the answer, or give the gateway a queue (SHOAL_QUEUE).',
};

const MAX_MESSAGE_LENGTH = 600;

/** `undefined` for an answer of the function's own, whatever its status. */
export function explainError({ headers, body }: Pick<Answer, 'headers' | 'body'>): ErrorExplanation | undefined {
  const code = headerOf(headers, 'X-Shoal-Error');
  if (code === undefined) return undefined;
  const byGateway = headerOf(headers, 'X-Shoal-Answered-By') === 'gateway';
  const text = textOf(undefined, body.subarray(0, 10_000)).trim();
  const said = byGateway ? parse(text) : {};
  const advice = ADVICE[code];
  const limit = limitOf(headerOf(headers, 'X-Shoal-Limit'), said);
  return {
    // A function may claim anything but that the gateway answered.
    who: byGateway ? (LAYERS[String(said['layer'])] ?? LAYERS['gateway']!) : LAYERS['watchdog']!,
    message: sentence(typeof said['message'] === 'string' ? said['message'] : text.slice(0, MAX_MESSAGE_LENGTH)),
    ...(limit === undefined ? {} : { limit }),
    ...(advice === undefined ? {} : { advice }),
    code,
  };
}

function limitOf(name: string | undefined, { limitMs, elapsedMs }: Readonly<Record<string, unknown>>): string | undefined {
  const parts = [
    name !== undefined && name,
    typeof limitMs === 'number' && formatMs(limitMs),
    typeof elapsedMs === 'number' && `given up after ${formatMs(elapsedMs)}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
