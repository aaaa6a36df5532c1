/** A line of an editor for names and texts. */
export interface Entry {
  /** Tells lines apart while their names change. */
  readonly id: number;
  readonly name: string;
  readonly value: string;
}

let lastId = 0;

export function entry(name = '', value = ''): Entry {
  return { id: ++lastId, name, value };
}

export function entriesOf(map: Readonly<Record<string, string>> | undefined): readonly Entry[] {
  return Object.entries(map ?? {}).map(([name, value]) => entry(name, value));
}

/** Lines with nothing in them are none. Of two with one name the last counts. */
export function mapOf(entries: readonly Entry[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.filter(({ name, value }) => name !== '' || value !== '').map(({ name, value }) => [name, value]));
}

/** Names that more than one line has. */
export function repeatedNames(entries: readonly Entry[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(entries.filter(({ name }) => name !== '' && seen.size === seen.add(name).size).map(({ name }) => name));
}
