import { ShoalError } from '../../shared/errors';

/** The load of one function over time. */
export interface LoadTrace {
  readonly name: string;
  /** One number a second. */
  readonly callsPerSecond: readonly number[];
}

export const TRACE_SHAPES = ['square', 'ramp', 'spike', 'diurnal'] as const;
export type TraceShape = (typeof TRACE_SHAPES)[number];

export interface TraceOptions {
  /** Calls a second. */
  readonly peak: number;
  readonly base: number;
  readonly periodSeconds: number;
  readonly durationSeconds: number;
}

/** A week. */
export const MAX_TRACE_SECONDS = 7 * 24 * 60 * 60;
export const MAX_CALLS_PER_SECOND = 1_000_000;
const SPIKE_FROM = 0.4;
const SPIKE_UNTIL = 0.5;

/** Where between base (0) and peak (1) the load is, by the part of the period that has passed. */
const HEIGHT: Readonly<Record<TraceShape, (phase: number) => number>> = {
  square: (phase) => (phase < 0.5 ? 0 : 1),
  ramp: (phase) => 1 - Math.abs(2 * phase - 1),
  spike: (phase) => (phase >= SPIKE_FROM && phase < SPIKE_UNTIL ? 1 : 0),
  diurnal: (phase) => (1 - Math.cos(2 * Math.PI * phase)) / 2,
};

/** Rejects numbers out of bounds with `invalid-request`. */
export function generateTrace(shape: TraceShape, { peak, base, periodSeconds, durationSeconds }: TraceOptions): LoadTrace {
  if (!(base >= 0 && base <= peak && peak <= MAX_CALLS_PER_SECOND)) {
    throw invalid(`the load must be 0 or more, ${MAX_CALLS_PER_SECOND} calls a second at most, and its base not above its peak`);
  }
  if (!(periodSeconds >= 2)) throw invalid('the period must be 2 seconds or more');
  const seconds = checkDuration(durationSeconds);
  const callsPerSecond = Array.from({ length: seconds }, (_, second) => base + (peak - base) * HEIGHT[shape]((second % periodSeconds) / periodSeconds));
  return { name: shape, callsPerSecond };
}

/**
 * Reads lines of `second,calls_per_second`, with a heading or without. A rate holds until the next line's second; the last
 * one as long as the one before it. Rejects anything else with `invalid-request` that names the line.
 */
export function parseTrace(name: string, csv: string): LoadTrace {
  const rows: { readonly second: number; readonly rate: number }[] = [];
  csv.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || (rows.length === 0 && /^\s*second\s*,\s*calls_per_second\s*$/.test(line))) return;
    rows.push(parseRow(`line ${index + 1} of ${name}`, line, rows.at(-1)?.second ?? -1));
  });
  const last = rows.at(-1);
  if (!last || rows[0]!.second !== 0) throw invalid(`${name} must begin with second 0`);
  const end = rows.length > 1 ? 2 * last.second - rows.at(-2)!.second : 1;
  const callsPerSecond = new Array<number>(checkDuration(end)).fill(0);
  rows.forEach(({ second, rate }, index) => callsPerSecond.fill(rate, second, rows[index + 1]?.second ?? end));
  return { name, callsPerSecond };
}

function parseRow(where: string, line: string, previousSecond: number): { readonly second: number; readonly rate: number } {
  const match = /^\s*(\d{1,9})\s*,\s*(\d{1,9}(?:\.\d+)?)\s*$/.exec(line);
  if (!match) throw invalid(`${where} is not second,calls_per_second: ${line.slice(0, 60)}`);
  const [second, rate] = [Number(match[1]), Number(match[2])];
  if (second <= previousSecond) throw invalid(`${where} does not come later than the one before it`);
  if (rate > MAX_CALLS_PER_SECOND) throw invalid(`${where} has more than ${MAX_CALLS_PER_SECOND} calls a second`);
  return { second, rate };
}

function checkDuration(seconds: number): number {
  if (!(seconds >= 1 && seconds <= MAX_TRACE_SECONDS)) throw invalid(`a trace lasts from 1 to ${MAX_TRACE_SECONDS} seconds`);
  return Math.ceil(seconds);
}

function invalid(problem: string): ShoalError {
  return new ShoalError('invalid-request', problem);
}
