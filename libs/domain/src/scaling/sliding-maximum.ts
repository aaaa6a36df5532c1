interface Entry {
  atMs: number;
  readonly value: number;
}

/** The largest value of the last while. Keeps only those that are not outdone by a later one. */
export class SlidingMaximum {
  private entries: Entry[] = [];

  add(atMs: number, value: number): void {
    while (this.entries.length > 0 && this.entries.at(-1)!.value < value) this.entries.pop();
    const last = this.entries.at(-1);
    // So it is each second with functions that nobody calls.
    if (last?.value === value) return void (last.atMs = atMs);
    this.entries.push({ atMs, value });
  }

  /** Of those added since `sinceMs`; 0 when there are none. Must not be asked for an earlier time than before. */
  since(sinceMs: number): number {
    while (this.entries.length > 0 && this.entries[0]!.atMs < sinceMs) this.entries.shift();
    return this.entries[0]?.value ?? 0;
  }
}
