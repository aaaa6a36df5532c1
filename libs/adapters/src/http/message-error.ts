/** Why bytes are no message that we take. */
export class MessageError extends Error {
  override readonly name = 'MessageError';

  constructor(
    message: string,
    /** To answer a request with: 400, 405 (CONNECT), 417 (an unknown expectation), 429 (there is no room for it now), 431 (too long), 501 (an unknown coding) or 505. */
    readonly status = 400,
  ) {
    super(message);
  }
}
