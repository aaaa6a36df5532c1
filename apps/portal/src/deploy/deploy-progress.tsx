import './deploy-progress.css';
import { Check, CircleAlert, LoaderCircle } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error';
import { request } from '../api/client';
import { functions } from '../live/live';
import { functionHref } from '../route';
import { Button, LinkButton } from '../ui/button';
import { Icon } from '../ui/icon';
import { Notice } from '../ui/notice';
import { useResource } from '../ui/use-resource';
import type { DeployedFunction } from './deployment';
import { progressOf, type StepState } from './progress-of';

/** Besides what the gateway tells by itself. */
const LOOK_EVERY_MS = 1_000;

export interface DeployProgressProps {
  readonly name: string;
  readonly namespace: string;
  /** Whether there was a version before. */
  readonly updates: boolean;
  /** Back to the form, where there is one behind it; else the way to the form is a link. */
  readonly onChange?: () => void;
}

/** What becomes of a function after it was accepted, until it is ready. Nobody has to wait for it. */
export function DeployProgress({ name, namespace, updates, onChange }: DeployProgressProps) {
  const key = `${name}.${namespace}`;
  const live = functions.value?.get(key);
  // Asked for when something moves, because what the gateway tells by itself may still be of the version before.
  const { value, error } = useResource(`${key} ${live?.state} ${live?.because} ${live?.availableReplicas}`, (signal) => read(name, namespace, signal), LOOK_EVERY_MS);
  const [shown, setShown] = useState(value);
  const fn = value ?? shown;
  useEffect(() => value && setShown(value), [value]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  const { title, steps, stuck, meanwhile, outcome } = progressOf(fn, { name, updates });
  const elapsed = useElapsedSeconds(outcome === undefined);
  return (
    <section class="card stack deploy-progress" aria-busy={outcome === undefined}>
      <h2 ref={heading} tabIndex={-1} class="break">
        {title}
      </h2>
      <div role="status">
        <ol class="progress-steps">
          {steps.map(({ state, text }, index) => (
            <Step key={index} state={state} text={text} />
          ))}
        </ol>
      </div>
      {stuck !== undefined && (
        <Notice kind="error">
          <p>{stuck}</p>
          <p>{meanwhile}</p>
        </Notice>
      )}
      {error !== undefined && <Notice kind="warning">How it is cannot be told now: {error}.</Notice>}
      <p class="quiet numbers">{outcome ? `It took ${elapsed < 1 ? 'less than a second' : `${elapsed} s`}.` : `${elapsed} s so far. This page need not stay open.`}</p>
      <div class="row">
        <LinkButton kind="primary" href={functionHref(key)}>
          Go to the function
        </LinkButton>
        {stuck !== undefined && (onChange ? <Button onClick={onChange}>Change it</Button> : <LinkButton href={functionHref(key, 'edit')}>Change it</LinkButton>)}
        {outcome === 'good' && <LinkButton href={functionHref(key, 'test')}>Test it</LinkButton>}
      </div>
    </section>
  );
}

function Step({ state, text }: { readonly state: StepState; readonly text: string }) {
  return (
    <li class={state}>
      <span class="step-mark">{state === 'waiting' ? undefined : <Icon of={state === 'done' ? Check : state === 'wrong' ? CircleAlert : LoaderCircle} size={15} />}</span>
      {text}
    </li>
  );
}

/** `undefined` where it is accepted and nobody knows it yet. */
async function read(name: string, namespace: string, signal: AbortSignal): Promise<DeployedFunction | undefined> {
  try {
    return await request('GET', `system/function/${encodeURIComponent(name)}?namespace=${encodeURIComponent(namespace)}`, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
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
