/** The gateway refused, or could not be reached (`status` 0). The message is for people, and ends without a full stop. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const MAX_MESSAGE_LENGTH = 600;

/** Of an answer that is none of the good ones. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const said = messageIn(text) || `${response.status} ${response.statusText}`.trim();
  return new ApiError(response.status, said);
}

/** The sentence in an error body: of a problem document or a call's error, else the text; cut to a readable length. */
export function messageIn(body: string): string {
  let text = body.trim();
  try {
    const { detail, message, title } = JSON.parse(text) as Record<string, unknown>;
    text = [detail, message, title].find((value) => typeof value === 'string') ?? text;
  } catch {
    // Plain text is as good.
  }
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text;
}

/** What to tell of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
