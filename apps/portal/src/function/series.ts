import type { CallsPoint, StatisticsReading } from './statistics';

/** So far back the charts go. */
export const WINDOW_SECONDS = 600;
/** And so far at least, however new the function is. */
const LEAST_WINDOW_SECONDS = 60;

/** What a chart draws: for each moment (seconds since the Unix epoch) a value of each series, `null` where there is none. */
export interface ChartData {
  readonly xs: readonly number[];
  readonly ys: readonly (readonly (number | null)[])[];
}

type Reading = Pick<StatisticsReading, 'stepSeconds' | 'points' | 'nowMs'>;

/** Calls a second with a status of 2xx, 3xx, 4xx and 5xx. The step that goes on has no value yet: it would look like a fall. */
export function callRates(reading: Reading): ChartData {
  const { stepSeconds, nowMs } = reading;
  return inSteps(reading, 4, (point, x) => {
    if ((x + stepSeconds) * 1_000 > nowMs) return undefined;
    const { statuses } = point ?? {};
    return [statuses?.['2xx'], statuses?.['3xx'], statuses?.['4xx'], statuses?.['5xx']].map((count = 0) => count / stepSeconds);
  });
}

/** Milliseconds of p50, p95 and p99; none in steps in which no call ended. */
export function latencies(reading: Reading): ChartData {
  return inSteps(reading, 3, (point) => (point?.p50Ms === undefined ? undefined : [point.p50Ms, point.p95Ms ?? null, point.p99Ms ?? null]));
}

/** The most calls at a time. */
export function callsInFlight(reading: Reading): ChartData {
  return inSteps(reading, 1, (point) => [point?.inFlight ?? 0]);
}

/** Replicas ready and wanted, where they changed and now. */
export function replicaSteps({ replicas, nowMs }: Pick<StatisticsReading, 'replicas' | 'nowMs'>): ChartData {
  const from = nowMs / 1_000 - WINDOW_SECONDS;
  const steps = replicas.map(({ at, wanted, ready }) => ({ x: Math.max(Date.parse(at) / 1_000, from), wanted, ready }));
  const last = steps.at(-1);
  if (last) steps.push({ ...last, x: Math.max(last.x, nowMs / 1_000) });
  return { xs: steps.map(({ x }) => x), ys: [steps.map(({ ready }) => ready), steps.map(({ wanted }) => wanted)] };
}

/** The moments at the ends of the charts, in seconds: of the last ten minutes the part of which something is known. */
export function windowOf({ points, replicas, nowMs }: Pick<StatisticsReading, 'points' | 'replicas' | 'nowMs'>): [number, number] {
  const now = nowMs / 1_000;
  const first = [points[0]?.at, replicas[0]?.at].map((at) => (at === undefined ? now : Date.parse(at) / 1_000));
  return [Math.max(now - WINDOW_SECONDS, Math.min(...first, now - LEAST_WINDOW_SECONDS)), now];
}

/** Each series on top of those before it, for areas that add up. */
export function stacked({ xs, ys }: ChartData): ChartData {
  const sums: (number | null)[][] = [];
  for (const [index, series] of ys.entries()) sums.push(series.map((value, at) => (value === null ? null : value + (sums[index - 1]?.[at] ?? 0))));
  return { xs, ys: sums };
}

/** The values at a moment: of the step nearest to it, or for changes what held then. `undefined` outside. */
export function valuesAt({ xs, ys }: ChartData, second: number, which: 'nearest' | 'held'): readonly (number | null)[] | undefined {
  const after = xs.findIndex((x) => x > second);
  const before = after < 0 ? xs.length - 1 : after - 1;
  if (before < 0) return undefined;
  const nearer = which === 'nearest' && after >= 0 && xs[after]! - second < second - xs[before]! ? after : before;
  return ys.map((series) => series[nearer] ?? null);
}

/** The last moment at which there was anything. */
export function lastValues({ xs, ys }: ChartData): readonly (number | null)[] | undefined {
  for (let at = xs.length - 1; at >= 0; at--) {
    if (ys.some((series) => series[at] !== null)) return ys.map((series) => series[at] ?? null);
  }
  return undefined;
}

export function highest({ ys }: ChartData): number {
  return ys.flat().reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

function inSteps({ stepSeconds, points, nowMs }: Reading, series: number, valuesOf: (point: CallsPoint | undefined, x: number) => readonly (number | null)[] | undefined): ChartData {
  const stepMs = stepSeconds * 1_000;
  // Steps begin where the gateway's clock has them, to the millisecond.
  const offsetMs = points.length > 0 ? Date.parse(points.at(-1)!.at) % stepMs : 0;
  const nowStep = Math.floor((nowMs - offsetMs) / stepMs);
  const byStep = new Map(points.map((point) => [Math.floor((Date.parse(point.at) - offsetMs + stepMs / 2) / stepMs), point]));
  const xs: number[] = [];
  const ys = Array.from({ length: series }, (): (number | null)[] => []);
  for (let step = nowStep - WINDOW_SECONDS / stepSeconds + 1; step <= nowStep; step++) {
    const x = (step * stepMs + offsetMs) / 1_000;
    xs.push(x);
    const values = valuesOf(byStep.get(step), x);
    ys.forEach((one, index) => one.push(values?.[index] ?? null));
  }
  return { xs, ys };
}
