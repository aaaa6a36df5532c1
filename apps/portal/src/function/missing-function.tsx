import { useState } from 'preact/hooks';
import { findFunction } from '../api/find-function';
import { LinkButton } from '../ui/button';
import { Empty } from '../ui/empty';
import { Notice } from '../ui/notice';
import { useResource } from '../ui/use-resource';

/** While it is there but not in the list, which is so for a moment after it was deployed and before it is deleted. */
const ASK_EVERY_MS = 2_000;

/** Instead of a function that is not in the list: says so, once the gateway does not know it either. */
export function MissingFunction({ functionKey }: { readonly functionKey: string }) {
  const [isGone, setGone] = useState(false);
  const read = async (signal: AbortSignal) => setGone((await findFunction(functionKey, signal)) === undefined);
  const { error } = useResource(functionKey, read, isGone ? undefined : ASK_EVERY_MS);
  if (error !== undefined) return <Notice kind="error">{`Whether there is a function ${functionKey} cannot be told: ${error}.`}</Notice>;
  if (!isGone) return <p class="loading">Loading…</p>;
  return (
    <Empty title={`There is no function ${functionKey}`}>
      <p>It was deleted, or never deployed here.</p>
      <LinkButton href="#/">All functions</LinkButton>
    </Empty>
  );
}
