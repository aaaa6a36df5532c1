import './deploy-progress.css';
import { Check, CircleAlert, LoaderCircle } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import { functionHref } from '../route';
import { Button, LinkButton } from '../ui/button';
import { Icon } from '../ui/icon';
import { Notice } from '../ui/notice';
import type { StepState } from './progress-of';
import { useProgress } from './use-progress';

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
  const { progress, error, elapsedSeconds } = useProgress({ name, namespace }, updates);
  const { title, steps, stuck, meanwhile, outcome } = progress;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="card stack deploy-progress">
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
      {outcome !== 'gone' && <p class="quiet numbers">{outcome ? `It took ${elapsedSeconds < 1 ? 'less than a second' : `${elapsedSeconds} s`}.` : `${elapsedSeconds} s so far. This page need not stay open.`}</p>}
      <div class="row">
        {outcome === 'gone' ? (
          <LinkButton href="#/">All functions</LinkButton>
        ) : (
          <LinkButton kind="primary" href={functionHref(key)}>
            Go to the function
          </LinkButton>
        )}
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
