import 'uplot/dist/uPlot.min.css';
import './chart.css';
import { signal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { plotOptions, type ChartKind } from './plot-options';
import { highest, lastValues, stacked, valuesAt, type ChartData } from './series';

/** Where the pointer is, on whichever chart: all show their values of that moment. */
const hovered = signal<number | undefined>(undefined);
const isDark = matchMedia('(prefers-color-scheme: dark)');
const dark = signal(isDark.matches);
isDark.addEventListener('change', () => (dark.value = isDark.matches));

/** So near to a mark, in seconds, its sentence is shown. */
const NEAR_SECONDS = 12;

export interface Mark {
  readonly second: number;
  readonly text: string;
}

export interface ChartProps {
  readonly title: string;
  /** How it is now, in words. */
  readonly now: string;
  readonly kind: ChartKind;
  readonly labels: readonly string[];
  readonly data: ChartData;
  readonly format: (value: number) => string;
  readonly least: number;
  readonly wholeNumbers?: boolean;
  readonly range: [number, number];
  readonly marks?: readonly Mark[];
  /** What the marks are. */
  readonly markLabel?: string;
}

/** A chart over time, whose values can be read without seeing it. */
export function Chart({ title, now, kind, labels, data, format, least, wholeNumbers = false, range, marks = [], markLabel }: ChartProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ range, marks });
  latest.current = { range, marks };
  const lines = [data.xs, ...(kind === 'stacked' ? [...stacked(data).ys].reverse() : data.ys)] as uPlot.AlignedData;
  useEffect(() => {
    const element = box.current!;
    const style = getComputedStyle(element);
    const options = plotOptions({
      kind,
      width: element.clientWidth,
      colour: (token) => style.getPropertyValue(token).trim(),
      labels,
      format,
      least,
      wholeNumbers,
      range: () => latest.current.range,
      marks: () => latest.current.marks.map(({ second }) => second),
      onHover: (second) => (hovered.value = second),
    });
    const made = (plot.current = new uPlot(options, lines, element));
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: options.height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      hovered.value = undefined;
    };
    // Another colour scheme has other colours, which are on the canvas.
  }, [dark.value]);
  useEffect(() => plot.current?.setData(lines), [data]);
  return (
    <figure class="card chart" aria-labelledby={id}>
      <div class="chart-head">
        <h3 id={id}>{title}</h3>
        <p class="chart-now">{now}</p>
      </div>
      <div ref={box} class="chart-plot" role="img" aria-label={inWords({ title, labels, data, format, now })} />
      <Key kind={kind} labels={labels} data={data} format={format} markLabel={marks.length > 0 ? markLabel : undefined} />
      {markLabel !== undefined && <MarkText marks={marks} />}
    </figure>
  );
}

interface KeyProps extends Pick<ChartProps, 'kind' | 'labels' | 'data' | 'format'> {
  readonly markLabel: string | undefined;
}

function Key({ kind, labels, data, format, markLabel }: KeyProps) {
  const at = hovered.value;
  const values = at === undefined ? lastValues(data) : valuesAt(data, at, kind === 'steps' ? 'held' : 'nearest');
  return (
    <ul class="chart-key">
      {labels.map((label, index) => (
        <li key={label}>
          <i class={`series-${index + 1}`} />
          {label} <b>{valueText(values?.[index], format) ?? '–'}</b>
        </li>
      ))}
      {markLabel !== undefined && (
        <li>
          <i class="mark" />
          {markLabel}
        </li>
      )}
      {at !== undefined && <li class="chart-at">{new Date(at * 1_000).toLocaleTimeString()}</li>}
    </ul>
  );
}

/** Of the mark that the pointer is near, else of the last one. */
function MarkText({ marks }: { readonly marks: readonly Mark[] }) {
  const at = hovered.value;
  const near = at === undefined ? undefined : [...marks].sort((a, b) => Math.abs(a.second - at) - Math.abs(b.second - at))[0];
  const shown = at === undefined ? marks.at(-1) : near && Math.abs(near.second - at) < NEAR_SECONDS ? near : undefined;
  return <p class="chart-said">{shown && `${new Date(shown.second * 1_000).toLocaleTimeString()} · ${shown.text}`}</p>;
}

function inWords({ title, labels, data, format, now }: Pick<ChartProps, 'title' | 'labels' | 'data' | 'format' | 'now'>): string {
  const values = lastValues(data);
  const last = labels.map((label, index) => `${label} ${valueText(values?.[index], format) ?? 'none'}`).join(', ');
  return `${title}, chart of the last ten minutes. Now: ${now}. Last values: ${last}. Highest: ${format(highest(data))}.`;
}

function valueText(value: number | null | undefined, format: ChartProps['format']): string | undefined {
  return value === null || value === undefined ? undefined : format(value);
}
