/** A set of header names that is asked for each header of each message: most are told apart by their length alone. */
export class HeaderNames {
  private readonly names: ReadonlySet<string>;
  private readonly lengths: readonly boolean[];

  /** @param names in lower case. */
  constructor(...names: readonly string[]) {
    this.names = new Set(names);
    const longest = Math.max(0, ...names.map(({ length }) => length));
    this.lengths = Array.from({ length: longest + 1 }, (_, length) => names.some((name) => name.length === length));
  }

  /** Whether one of them is so long. */
  hasLength(length: number): boolean {
    return this.lengths[length] === true;
  }

  /** @param name in any case. */
  has(name: string): boolean {
    return this.hasLength(name.length) && this.names.has(name.toLowerCase());
  }

  with(...names: readonly string[]): HeaderNames {
    return new HeaderNames(...this.names, ...names);
  }
}
