import uPlot from 'uplot';

/** How a chart is drawn: areas that add up, lines, or values that hold until they change. */
export type ChartKind = 'stacked' | 'lines' | 'steps';

export const CHART_HEIGHT = 170;
const AXIS_FONT = '12px system-ui, sans-serif';
/** Room of the axis on the left, so that the charts stand below each other. */
const AXIS_WIDTH = 54;
const AXIS_HEIGHT = 28;
/** Charts of fewer seconds say moments to the second, which takes more room. */
const SECONDS_SHOWN_BELOW = 360;
/** Above the highest value stays so much room. */
const HEADROOM = 1.12;

export interface PlotOptions {
  readonly kind: ChartKind;
  readonly width: number;
  /** Of a token such as `--series-1`, as the page has it now. */
  readonly colour: (token: string) => string;
  readonly labels: readonly string[];
  readonly format: (value: number) => string;
  /** The highest value of the axis is this, or more. */
  readonly least: number;
  readonly wholeNumbers: boolean;
  /** The moments at its ends, in seconds. */
  readonly range: () => [number, number];
  /** Moments that are marked. */
  readonly marks: () => readonly number[];
  /** Where the pointer is, in seconds; `undefined` when it is not there. */
  readonly onHover: (second: number | undefined) => void;
}

/**
 * What uPlot is to do. Its legend is ours, because ours is read out. Areas that add up have the highest first, so that a line is
 * not hidden by those that add nothing to it.
 */
export function plotOptions({ kind, width, colour, labels, format, least, wholeNumbers, range, marks, onHover }: PlotOptions): uPlot.Options {
  const axis = { stroke: colour('--quiet'), font: AXIS_FONT, grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  const series = labels.map((label, index) => seriesOf(kind, { label, stroke: colour(`--series-${index + 1}`), isFirst: index === 0 }));
  return {
    width,
    height: CHART_HEIGHT,
    // The last moment's text is half behind the end.
    padding: [8, 40, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: kind !== 'steps' }, sync: { key: 'function', scales: ['x', null] } },
    scales: { x: { range }, y: { range: (_plot, _least, most) => [0, Math.max(least, (most ?? 0) * HEADROOM)] } },
    axes: [
      { ...axis, size: AXIS_HEIGHT, space: (_plot, _axis, from, to) => (to - from < SECONDS_SHOWN_BELOW ? 104 : 76), values: (_plot, moments, _axis, _space, step) => moments.map((second) => clockOf(second, step)) },
      { ...axis, size: AXIS_WIDTH, space: 36, ...(wholeNumbers ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000] } : {}), values: (_plot, values) => values.map(format) },
    ],
    series: [{}, ...(kind === 'stacked' ? series.reverse() : series)],
    ...(kind === 'stacked' ? { bands: labels.slice(1).map((_, index) => ({ series: [index + 1, index + 2] as [number, number] })) } : {}),
    hooks: {
      setCursor: [(plot) => onHover((plot.cursor.left ?? -1) < 0 ? undefined : plot.posToVal(plot.cursor.left!, 'x'))],
      draw: [(plot) => drawMarks(plot, marks(), colour('--coral'))],
    },
  };
}

interface Line {
  readonly label: string;
  readonly stroke: string;
  readonly isFirst: boolean;
}

function seriesOf(kind: ChartKind, { label, stroke, isFirst }: Line): uPlot.Series {
  const soft = `color-mix(in srgb, ${stroke} ${kind === 'stacked' ? 35 : 12}%, transparent)`;
  return {
    label,
    stroke,
    width: 1.75,
    points: { show: false, size: 5, fill: stroke, filter: isolated },
    ...(kind === 'stacked' || (kind === 'steps' && isFirst) ? { fill: soft } : {}),
    // Two steps are often the same: below a dashed line the other one is seen.
    ...(kind === 'steps' && !isFirst ? { dash: [5, 4] } : {}),
    ...(kind === 'steps' ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
  };
}

/** A value between two gaps is no line; it is drawn as a point. */
const isolated: uPlot.Series.Points.Filter = (plot, series) => {
  const values = plot.data[series]!;
  const found: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if (isValue(values[at]) && !isValue(values[at - 1]) && !isValue(values[at + 1])) found.push(at);
  }
  return found;
};

function isValue(value: number | null | undefined): boolean {
  return value !== null && value !== undefined;
}

function drawMarks(plot: uPlot, moments: readonly number[], colour: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = ratio;
  for (const moment of moments) {
    const x = plot.valToPos(moment, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(x, bbox.top + 2 * ratio, 3.5 * ratio, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.restore();
}

function clockOf(second: number, step: number): string {
  return new Date(second * 1_000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', ...(step < 60 ? { second: '2-digit' } : {}) });
}
