/** Why bytes are no message that we take. */
export class MessageError extends Error {
  override readonly name = 'MessageError';

  constructor(
    message: string,
    /** To answer a request with: 400, 431 (too long), 501 (a coding that we do not know) or 505. */
    readonly status = 400,
  ) {
    super(message);
  }
}
