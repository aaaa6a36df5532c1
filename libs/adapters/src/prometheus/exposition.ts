export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** After so many characters others have their turn: some milliseconds of work. */
const PART_LENGTH = 128 * 1024;

export type Labels = Readonly<Record<string, string | number>>;

/** One metric, whose series are worked out while somebody scrapes. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One `series` or more in each text. */
  lines(): Iterable<string> | Promise<Iterable<string>>;
}

/**
 * Metrics in Prometheus' text format, in parts. Between two parts the event loop goes on, so that a scrape of a hundred
 * thousand series holds nobody up; a part has whole texts of `lines` only.
 */
export async function* exposition(metrics: Iterable<Metric>): AsyncGenerator<string> {
  let part = '';
  for (const metric of metrics) {
    part += `# HELP ${metric.name} ${metric.help}\n# TYPE ${metric.name} ${metric.type}\n`;
    for (const text of await metric.lines()) {
      part += text;
      if (part.length < PART_LENGTH) continue;
      yield part;
      part = '';
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  yield part;
}

/** A line of one series. */
export function series(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

/** As they stand between the braces. */
export function labelsText(labels: Labels): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${typeof value === 'number' ? value : escaped(value)}"`).join(',');
}

function escaped(text: string): string {
  return /["\\\n]/.test(text) ? text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n') : text;
}
