interface Timed {
  /** Sorts as text. */
  readonly timestamp: string;
}

/** All lines of sources that are each in order, oldest first; keeps one line of each source in memory. */
export async function* mergeByTime<T extends Timed>(sources: readonly AsyncIterator<T, void>[]): AsyncGenerator<T> {
  const firsts = await Promise.all(sources.map((source) => source.next()));
  const heads = firsts.flatMap((first, i) => (first.done ? [] : [{ source: sources[i]!, line: first.value }]));
  while (heads.length > 0) {
    const oldest = heads.reduce((a, b) => (b.line.timestamp < a.line.timestamp ? b : a));
    yield oldest.line;
    const next = await oldest.source.next();
    if (next.done) heads.splice(heads.indexOf(oldest), 1);
    else oldest.line = next.value;
  }
}

/** The last `count` lines; fewer when they are longer than `maxLength` together. */
export async function* lastLines<T extends { readonly text: string }>(count: number, maxLength: number, lines: AsyncIterable<T>): AsyncGenerator<T> {
  const kept: T[] = [];
  let length = 0;
  for await (const line of lines) {
    kept.push(line);
    length += line.text.length;
    while (kept.length > count || (length > maxLength && kept.length > 1)) length -= kept.shift()!.text.length;
  }
  yield* kept;
}
