export const ERROR_CODES = [
  'invalid-request',
  'unauthorized',
  'forbidden',
  'function-not-found',
  'secret-not-found',
  'namespace-not-found',
  'route-not-found',
  'call-not-found',
  'method-not-allowed',
  'already-exists',
  'in-use',
  'already-ended',
  'body-too-large',
  'uri-too-long',
  'over-capacity',
  'queue-full',
  'too-many-attempts',
  'client-closed',
  'internal',
  'unsupported',
  'out-of-memory',
  'replica-failed',
  'replica-unreachable',
  'backend-unavailable',
  'not-ready',
  'shutting-down',
  'not-ready-in-time',
  'upstream-timeout',
  'exec-timeout',
] as const;

/** What can go wrong, in the words of the domain. Which HTTP status each one becomes is the apps' business. */
export type ErrorCode = (typeof ERROR_CODES)[number];

export function isErrorCode(text: string): text is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(text);
}

/** The part of the platform that gave up. */
export type Layer = 'gateway' | 'provider' | 'watchdog' | 'function';

/** Facts that let a caller act on an error without parsing its message. */
export interface ErrorFacts {
  readonly layer?: Layer;
  /** The limit that was hit, in milliseconds. */
  readonly limitMs?: number;
  /** How long it had taken by then, in milliseconds. */
  readonly elapsedMs?: number;
  /** When trying again makes sense, in whole seconds. */
  readonly retryAfterSeconds?: number;
}

/** The one error type. Its message is for people, names the thing concerned, and never holds a secret. */
export class ShoalError extends Error {
  override readonly name = 'ShoalError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly facts: ErrorFacts = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
