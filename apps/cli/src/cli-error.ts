/** How a command may end, for scripts. */
export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  unauthorized: 4,
  notFound: 5,
  conflict: 6,
  timeout: 7,
  build: 8,
  missing: 9,
  interrupted: 130,
} as const;

export type ExitReason = keyof typeof EXIT_CODES;

/** What each of them means; `docs/cli.md` shows it. */
export const EXIT_MEANINGS: Readonly<Record<ExitReason, string>> = {
  ok: 'It was done.',
  failed: 'It was not done, for a reason that has no code of its own.',
  usage: 'The command line, a file or a value in it is wrong; nothing was begun.',
  unreachable: 'The gateway cannot be reached.',
  unauthorized: 'The gateway wants a user and a password, or others than these.',
  notFound: 'What was asked for does not exist.',
  conflict: 'Something of that name is there already.',
  timeout: 'It did not end, or did not become ready, within its time.',
  build: 'A function could not be built, or its image not be pushed.',
  missing: 'A program that is needed is not on this machine.',
  interrupted: 'Ctrl-C.',
};

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
