import './scaling-picture.css';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { formatMs } from '../ui/numbers';
import { describePreview, span } from './describe-preview';
import { pictureShapes } from './picture-shapes';
import type { ScalingPreview } from './scaling-preview';
import { usePreview } from './use-preview';

const HEIGHT = 150;
/** Around the lines, for what is written there. */
const LEFT = 30;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;
const FIRST_WIDTH = 600;

/** What the policy of these labels does with a load that comes and goes: a picture, and the same in words. */
export function ScalingPicture({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const { preview, state } = usePreview(labels);
  const box = useRef<HTMLElement>(null);
  const width = useWidth(box);
  const id = useId();
  return (
    <figure class={`scaling-picture${state === 'drawn' ? '' : ' old'}`} ref={box}>
      {preview && state !== 'alert' ? <Drawing preview={preview} width={width} described={id} /> : <div style={{ height: `${TOP + HEIGHT + BOTTOM}px` }} hidden={state === 'alert'} />}
      <figcaption class="stack tight">
        {preview && state !== 'alert' && (
          <p class="row scaling-legend" aria-hidden="true">
            <span class="legend-load">load, as the replicas that it needs</span>
            <span class="legend-replicas">replicas</span>
          </p>
        )}
        <p id={id} role="status">
          {state === 'wrong' && (preview ? 'This was the policy before; something about it is wrong now.' : 'No picture: something about the policy is wrong.')}
          {state === 'alert' && 'Alerts decide, each adding a step; nobody knows when they come, so there is no picture.'}
          {(state === 'drawn' || state === 'drawing') && preview && describePreview(preview)}
        </p>
      </figcaption>
    </figure>
  );
}

function Drawing({ preview, width, described }: { readonly preview: ScalingPreview; readonly width: number; readonly described: string }) {
  const inner = Math.max(100, width - LEFT - RIGHT);
  const { load, replicas, sleeps, lastCall, times, counts, maximum } = pictureShapes(preview, { width: inner, height: HEIGHT });
  const asleepAtEnd = sleeps.find(({ to }) => to === inner);
  return (
    <svg width={width} height={TOP + HEIGHT + BOTTOM} role="img" aria-label="Load and replicas over time" aria-describedby={described}>
      <g transform={`translate(${LEFT} ${TOP})`}>
        {counts.map(({ y, count }) => (
          <g key={count}>
            <line class="picture-grid" x1={0} x2={inner} y1={y} y2={y} />
            <text x={-8} y={y + 4} text-anchor="end">
              {count}
            </text>
          </g>
        ))}
        {sleeps.map(({ from, to }) => (
          <rect key={from} class="picture-sleep" x={from} width={Math.max(1, to - from)} y={0} height={HEIGHT} />
        ))}
        <path class="picture-load" d={load} />
        <line class="picture-end" x1={lastCall} x2={lastCall} y1={0} y2={HEIGHT} />
        {maximum !== undefined && <line class="picture-maximum" x1={0} x2={inner} y1={maximum} y2={maximum} />}
        <path class="picture-replicas" d={replicas} />
        {maximum !== undefined && (
          <text class="picture-word" x={inner - 4} y={maximum + 14} text-anchor="end">
            maximum
          </text>
        )}
        {times.map(({ x, second }) => (
          <text key={second} x={x} y={HEIGHT + 16} text-anchor={second === 0 ? 'start' : 'middle'}>
            {second === 0 ? '0' : formatMs(second * 1_000)}
          </text>
        ))}
        <text x={lastCall} y={HEIGHT + 16} text-anchor="middle">
          last call
        </text>
        {asleepAtEnd && (
          <>
            <text class="picture-word" x={asleepAtEnd.from - 5} y={HEIGHT - 8} text-anchor="end">
              asleep
            </text>
            <text x={inner} y={HEIGHT + 16} text-anchor="end">
              +{span(preview.policy.zeroAfterMs)}
            </text>
          </>
        )}
      </g>
    </svg>
  );
}

function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(FIRST_WIDTH);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && entry.contentRect.width > 0 && setWidth(entry.contentRect.width));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}
