import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { Button } from './button';
import { Notice } from './notice';

/**
 * A part of the page that is fetched when it is first shown.
 *
 * @param load imports it. What failed once is not imported again: browsers remember that, and after an update it has another name.
 */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | 'failed' | undefined>(undefined);
  let isLoading = false;
  const start = () => {
    isLoading = true;
    load().then(
      (component) => (loaded.value = component),
      () => (loaded.value = 'failed'),
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
        <p>This part of the page could not be fetched. The gateway may be away, or a newer one.</p>
        <Button onClick={() => location.reload()}>Load the page again</Button>
      </Notice>
    );
  };
}
