import type { StoreFunction } from './store';

const FOLDER = '../../../../functions/';
const PICTURES = import.meta.glob<string>('../../../../functions/*/icon.svg', { query: '?url', import: 'default', eager: true });

/** The picture of a store entry, or its first letter. */
export function StoreIcon({ of: { icon, title } }: { readonly of: StoreFunction }) {
  const picture = icon === undefined ? undefined : PICTURES[FOLDER + icon];
  if (picture !== undefined) return <img class="store-icon" src={picture} alt="" width="56" height="56" />;
  return (
    <span class="store-icon letter" aria-hidden="true">
      {title[0]}
    </span>
  );
}
