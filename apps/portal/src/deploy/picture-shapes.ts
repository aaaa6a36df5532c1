import type { ScalingPreview } from './scaling-preview';

/** The inside of the picture, in pixels from its upper left corner. */
export interface Frame {
  readonly width: number;
  readonly height: number;
}

export interface PictureShapes {
  /** Paths as SVG writes them. */
  readonly load: string;
  readonly replicas: string;
  /** Where it sleeps: from, to. */
  readonly sleeps: readonly { readonly from: number; readonly to: number }[];
  readonly lastCall: number;
  /** Where the time is told; after the last call it passes more quickly. */
  readonly times: readonly { readonly x: number; readonly second: number }[];
  readonly counts: readonly { readonly y: number; readonly count: number }[];
  /** Height of the maximum, when it is reached. */
  readonly maximum: number | undefined;
}

/** Of the width, for the time of calls, when the silence after them is long. */
const ACTIVE_SHARE = 0.62;
/** What a time takes below the picture. */
const TIME_WIDTH = 60;
const HEADROOM = 1.15;
const MAX_COUNT_LINES = 4;

/** Turns a preview into lines and places. Pure. */
export function pictureShapes({ seconds, quietFrom, policy }: ScalingPreview, { width, height }: Frame): PictureShapes {
  const last = seconds.length - 1;
  const share = Math.max(ACTIVE_SHARE, quietFrom / last);
  const x = (second: number) => round(second <= quietFrom ? (second / quietFrom) * share * width : (share + ((second - quietFrom) / (last - quietFrom)) * (1 - share)) * width);
  const most = Math.max(...seconds.map(({ replicas, needed }) => Math.max(replicas, needed)));
  const y = (count: number) => round(height - (count / (most * HEADROOM)) * height);

  const changes = seconds.flatMap(({ replicas }, second) => (replicas === seconds[second - 1]?.replicas ? [] : [{ second, replicas }]));
  const load = seconds.slice(0, quietFrom + 1).map(({ needed }, second) => `L${x(second)} ${y(needed)}`);
  return {
    load: `M0 ${height}${load.join('')}L${x(quietFrom)} ${height}Z`,
    replicas: `${changes.map(({ second, replicas }, index) => (index === 0 ? `M0 ${y(replicas)}` : `H${x(second)}V${y(replicas)}`)).join('')}H${width}`,
    sleeps: changes.flatMap(({ second, replicas }, index) => (replicas === 0 ? [{ from: x(second), to: x(changes[index + 1]?.second ?? last) }] : [])),
    lastCall: x(quietFrom),
    times: [0, 60, 120].map((second) => ({ x: x(second), second })).filter((time) => time.x < x(quietFrom) - TIME_WIDTH),
    counts: countLines(most).map((count) => ({ y: y(count), count })),
    maximum: changes.some(({ replicas }) => replicas === policy.max) ? y(policy.max) : undefined,
  };
}

function countLines(most: number): readonly number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
  const step = steps.find((one) => most / one <= MAX_COUNT_LINES) ?? 1_000;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
