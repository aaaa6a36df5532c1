/** How a command may end, for scripts. `docs/cli.md` lists them, and a test compares. */
export const EXIT_CODES = {
  /** It was done. */
  ok: 0,
  /** It was not done, for a reason that has no code of its own. */
  failed: 1,
  /** The command line, a file or a value in it is wrong; nothing was begun. */
  usage: 2,
  /** The gateway cannot be reached. */
  unreachable: 3,
  /** The gateway wants a user and a password, or others than these. */
  unauthorized: 4,
  /** What was asked for does not exist. */
  notFound: 5,
  /** Something of that name is there already. */
  conflict: 6,
  /** It did not end, or did not become ready, within its time. */
  timeout: 7,
  /** A function could not be built. */
  build: 8,
  /** A program that is needed is not on this machine. */
  missing: 9,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitReason = keyof typeof EXIT_CODES;

/** The one error that a command ends with. `message` says what is wrong, `hint` what to do about it; neither holds a secret. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly reason: ExitReason,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
