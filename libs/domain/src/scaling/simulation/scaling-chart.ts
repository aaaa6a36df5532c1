import type { SimulatedSecond } from './simulation';

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 16;
const TOP = 72;
const PANEL_HEIGHT = 130;
const GAP = 40;
const BOTTOM = 44;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
/** More points than this cannot be told apart. */
const MAX_POINTS = 800;
const MAX_VALUE_TICKS = 4;
const MAX_TIME_TICKS = 10;

interface Series {
  readonly name: string;
  readonly of: (second: SimulatedSecond) => number;
  readonly kind: 'area' | 'line';
}

const PANELS: readonly { readonly title: string; readonly series: readonly Series[] }[] = [
  { title: 'calls a second', series: [{ name: 'load', of: ({ calls }) => calls, kind: 'line' }] },
  {
    title: 'replicas',
    series: [
      { name: 'ready', of: ({ ready }) => ready, kind: 'area' },
      { name: 'desired', of: ({ desired }) => desired, kind: 'line' },
    ],
  },
  { title: 'waiting calls', series: [{ name: 'waiting', of: ({ waiting }) => waiting, kind: 'area' }] },
];

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 14px; font-weight: 600 }
  .axis { stroke: #d1d9e0; stroke-width: 1 }
  .line { fill: none; stroke-width: 1.6 }
  .area { stroke: none; fill-opacity: .35 }
  .load { stroke: #0969da; fill: #0969da }
  .desired { stroke: #bc4c00; fill: #bc4c00 }
  .ready { stroke: #1a7f37; fill: #1a7f37 }
  .waiting { stroke: #cf222e; fill: #cf222e }
  .line.load, .line.desired { fill: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .axis { stroke: #3d444d }
    .load { stroke: #4493f8; fill: #4493f8 }
    .desired { stroke: #f0883e; fill: #f0883e }
    .ready { stroke: #3fb950; fill: #3fb950 }
    .waiting { stroke: #f85149; fill: #f85149 }
  }`;

/**
 * Load, replicas and waiting calls over time, as an SVG that can be read on light and on dark.
 *
 * @param note stands below the title, smaller.
 */
export function drawScalingChart(title: string, note: string, seconds: readonly SimulatedSecond[]): string {
  const height = TOP + PANELS.length * PANEL_HEIGHT + (PANELS.length - 1) * GAP + BOTTOM;
  const panels = PANELS.map((panel, index) => drawPanel(panel, seconds, TOP + index * (PANEL_HEIGHT + GAP)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${LEFT}" y="18">${escape(title)}</text>`,
    `<text x="${LEFT}" y="36">${escape(note)}</text>`,
    ...panels,
    drawTimeAxis(seconds.length, height - BOTTOM),
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, series }: (typeof PANELS)[number], seconds: readonly SimulatedSecond[], top: number): string {
  const lines = series.map((one) => ({ ...one, points: thin(seconds.map(one.of)) }));
  const largest = Math.max(1, ...lines.flatMap(({ points }) => points));
  const step = niceStep(largest, MAX_VALUE_TICKS);
  const most = step * Math.ceil(largest / step);
  const bottom = top + PANEL_HEIGHT;
  const y = (value: number) => round(bottom - (value / most) * PANEL_HEIGHT);
  const grid: string[] = [];
  for (let value = 0; value <= most + step / 2; value += step) {
    grid.push(`<path class="axis" d="M${LEFT} ${y(value)}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${label(value, most)}</text>`);
  }
  const legend = series.length === 1 ? [] : series.map(({ name }, index) => legendOf(name, WIDTH - RIGHT - (series.length - index) * 80, top - 14));
  return [
    `<text x="${LEFT}" y="${top - 9}">${title}</text>`,
    ...legend,
    ...grid,
    ...lines.map(({ name, kind, points }) => `<path class="${kind} ${name}" d="${pathOf(points, y, kind === 'area' ? bottom : undefined)}"/>`),
  ].join('\n');
}

function legendOf(name: string, x: number, y: number): string {
  return `<rect class="${name}" x="${x}" y="${y - 4}" width="12" height="8"/><text x="${x + 17}" y="${y + 4}">${name}</text>`;
}

/** Steps: each value holds until the next. */
function pathOf(points: readonly number[], y: (value: number) => number, bottom: number | undefined): string {
  const x = (index: number) => round(LEFT + (index / points.length) * PLOT_WIDTH);
  let path = `M${LEFT} ${bottom ?? y(points[0] ?? 0)}`;
  let before: number | undefined;
  points.forEach((value, index) => {
    if (value !== before) path += `H${x(index)}V${y(value)}`;
    before = value;
  });
  path += `H${WIDTH - RIGHT}`;
  return bottom === undefined ? path : `${path}V${bottom}Z`;
}

function drawTimeAxis(durationSeconds: number, y: number): string {
  const step = niceSeconds(durationSeconds);
  const unit = step % 3_600 === 0 ? { seconds: 3_600, name: 'hours' } : step % 60 === 0 ? { seconds: 60, name: 'minutes' } : { seconds: 1, name: 'seconds' };
  const ticks: string[] = [];
  for (let second = 0; second <= durationSeconds; second += step) {
    const x = round(LEFT + (second / durationSeconds) * PLOT_WIDTH);
    ticks.push(`<path class="axis" d="M${x} ${y}v5"/><text x="${x}" y="${y + 19}" text-anchor="middle">${second / unit.seconds}</text>`);
  }
  return [...ticks, `<text x="${LEFT + PLOT_WIDTH / 2}" y="${y + 37}" text-anchor="middle">${unit.name}</text>`].join('\n');
}

/** The largest of each few, so that no peak gets lost. */
function thin(values: readonly number[]): number[] {
  const size = Math.ceil(values.length / MAX_POINTS);
  const points: number[] = [];
  for (let from = 0; from < values.length; from += size) points.push(Math.max(...values.slice(from, from + size)));
  return points;
}

/** 1, 2 or 5 times a power of ten, never less than 1. */
function niceStep(most: number, ticks: number): number {
  const power = 10 ** Math.floor(Math.log10(most / ticks));
  return Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= ticks) ?? power);
}

function niceSeconds(durationSeconds: number): number {
  const steps = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];
  return steps.find((step) => durationSeconds / step <= MAX_TIME_TICKS) ?? 86_400;
}

function label(value: number, most: number): string {
  return most >= 10_000 && value > 0 ? `${value / 1_000}k` : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
