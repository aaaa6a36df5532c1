import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { Button } from './button';
import { Notice } from './notice';

/**
 * A part of the page that is fetched when it is first shown.
 *
 * @param load imports it; asked again when it failed.
 */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | 'failed' | undefined>(undefined);
  let isLoading = false;
  const start = () => {
    isLoading = true;
    loaded.value = undefined;
    load().then(
      (component) => (loaded.value = component),
      () => {
        isLoading = false;
        loaded.value = 'failed';
      },
    );
  };
  return function LazyPage(props: Props) {
    const Page = loaded.value;
    if (Page === undefined) {
      if (!isLoading) start();
      return <p class="loading">Loading…</p>;
    }
    if (Page !== 'failed') return <Page {...props} />;
    return (
      <Notice kind="error">
        <p>This part of the page could not be fetched from the gateway.</p>
        <Button onClick={start}>Try again</Button>
      </Notice>
    );
  };
}
