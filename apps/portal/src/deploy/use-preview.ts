import { ShoalError } from '@shoal/domain/shared/errors';
import { useEffect, useState } from 'preact/hooks';
import { scalingPreview, type ScalingPreview } from './scaling-preview';

/** Who is still typing does not need a picture of each letter. */
const TYPING_MS = 300;
/** The page can do something else in between. */
const SLICE_MS = 8;

export interface PreviewState {
  /** The last one that could be made. */
  readonly preview: ScalingPreview | undefined;
  /** `wrong`: the labels are no policy; `alert`: nobody knows when alerts come. */
  readonly state: 'drawing' | 'drawn' | 'wrong' | 'alert';
}

/** Simulates a policy a moment after it was changed, in slices between which the page goes on. */
export function usePreview(labels: Readonly<Record<string, string>>): PreviewState {
  const [current, setCurrent] = useState<PreviewState>({ preview: undefined, state: 'drawing' });
  const key = JSON.stringify(labels);
  useEffect(() => {
    const overtaken = new AbortController();
    const timer = setTimeout(() => void draw(overtaken.signal), TYPING_MS);
    const draw = async (signal: AbortSignal) => {
      const next = await previewOf(labels, signal);
      if (!signal.aborted) setCurrent((before) => ({ preview: typeof next === 'string' ? before.preview : next, state: typeof next === 'string' ? next : 'drawn' }));
    };
    return () => {
      overtaken.abort();
      clearTimeout(timer);
    };
  }, [key]);
  return current;
}

async function previewOf(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ScalingPreview | 'wrong' | 'alert'> {
  try {
    return (await scalingPreview(labels, inSlices(signal))) ?? 'alert';
  } catch (error) {
    if (error instanceof ShoalError || signal.aborted) return 'wrong';
    throw error;
  }
}

function inSlices(signal: AbortSignal): () => Promise<void> {
  let endMs = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < endMs) return;
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    endMs = performance.now() + SLICE_MS;
  };
}
