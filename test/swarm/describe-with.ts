interface Subject {
  readonly title: string;
  readonly isThere: boolean;
  /** A command. */
  readonly whatStartsIt: string;
  readonly specs: () => void;
}

/** As `describe`, of what needs Docker engines. Where there are none the specs are skipped and say why; in CI that is a failure. */
export function describeWith({ title, isThere, whatStartsIt, specs }: Subject): void {
  if (isThere) return describe(title, specs);
  const why = `no Docker engine: ${process.env['SHOAL_TEST_NO_ENGINE'] ?? `${whatStartsIt} starts one`}`;
  if (!process.env['CI']) return describe.skip(`${title} (${why})`, specs);
  it(`${title} has what it needs`, () => {
    throw new Error(why);
  });
}
