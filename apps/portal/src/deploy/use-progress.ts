import { useEffect, useState } from 'preact/hooks';
import type { FunctionId, FunctionStatus } from '../api/function-status';
import { findFunction } from '../api/find-function';
import { functions } from '../live/live';
import { useResource } from '../ui/use-resource';
import { progressOf, type Progress } from './progress-of';

/** Besides what the gateway tells by itself. */
const LOOK_EVERY_MS = 1_000;
/** An outcome that holds so long is the end; one that does not was still of the version before. */
const SETTLED_MS = 2_000;

export interface Followed {
  readonly progress: Progress;
  /** Why it cannot be told now. */
  readonly error: string | undefined;
  /** From the beginning to the outcome. */
  readonly elapsedSeconds: number;
}

/** Follows a function that was accepted, until it is clear what becomes of it; what happens to it later is another story. */
export function useProgress({ name, namespace }: FunctionId, updates: boolean): Followed {
  const key = `${name}.${namespace}`;
  const [last, setLast] = useState<Progress>();
  const [before, setBefore] = useState<{ readonly fn: FunctionStatus | undefined }>();
  const [wasThere, setWasThere] = useState(updates);
  const live = functions.value?.get(key);
  // Asked for when something moves, because what the gateway tells by itself may still be of the version before.
  const asked = last ? 'nothing any more' : `${key} ${live?.state} ${live?.because} ${live?.availableReplicas}`;
  const { value, error } = useResource(asked, async (signal) => (last ? undefined : { fn: await findFunction({ name, namespace }, signal) }), last ? undefined : LOOK_EVERY_MS);
  useEffect(() => {
    if (!value) return;
    setBefore(value);
    if (value.fn) setWasThere(true);
  }, [value]);

  const answer = value ?? before;
  const progress = last ?? progressOf(answer?.fn, { name, updates, gone: answer !== undefined && answer.fn === undefined && wasThere });
  const { outcome } = progress;
  useEffect(() => {
    if (outcome === undefined || last) return;
    const timer = setTimeout(() => setLast(progress), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [outcome, last]);
  return { progress, error, elapsedSeconds: useElapsedSeconds(outcome === undefined) };
}

/** Whole seconds since it is there, for as long as it counts. */
function useElapsedSeconds(counts: boolean): number {
  const [startMs] = useState(() => performance.now());
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (!counts) return;
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - startMs) / 1_000)), 250);
    return () => clearInterval(timer);
  }, [counts]);
  return seconds;
}
