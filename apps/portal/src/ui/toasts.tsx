import './toasts.css';
import { signal } from '@preact/signals';
import { CircleAlert, CircleCheck, X } from 'lucide';
import { useId, useLayoutEffect } from 'preact/hooks';
import { Button } from './button';
import { Icon } from './icon';

interface Toast {
  readonly id: number;
  readonly kind: 'good' | 'bad';
  readonly text: string;
}

const SHOWN_MS = 6_000;
const MAX_TOASTS = 4;
const toasts = signal<readonly Toast[]>([]);
/** Where they can appear, by id; they do in the last one. */
const places = signal<readonly string[]>([]);
let lastId = 0;

/** Tells that something is done. It goes by itself. */
export function tellDone(text: string): void {
  const id = add('good', text);
  setTimeout(() => remove(id), SHOWN_MS);
}

/** Tells that something could not be done. It stays until it is closed. */
export function tellFailed(text: string): void {
  add('bad', text);
}

/** Where toasts appear: one for the page, and one in each dialog, because what is outside an open one is out of reach. */
export function Toasts() {
  const place = useId();
  useLayoutEffect(() => {
    places.value = [...places.peek(), place];
    return () => (places.value = places.peek().filter((one) => one !== place));
  }, []);
  const shown = places.value.at(-1) === place ? toasts.value : [];
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, kind, text }) => (
        <div key={id} class={`toast ${kind}`}>
          <Icon of={kind === 'good' ? CircleCheck : CircleAlert} />
          <p class="grow break">{text}</p>
          <Button kind="quiet" icon={X} aria-label="Close message" onClick={() => remove(id)} />
        </div>
      ))}
    </div>
  );
}

function add(kind: Toast['kind'], text: string): number {
  lastId++;
  toasts.value = [...toasts.value, { id: lastId, kind, text }].slice(-MAX_TOASTS);
  return lastId;
}

function remove(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
