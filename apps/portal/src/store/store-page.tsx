import './store-page.css';
import { Search } from 'lucide';
import { useState } from 'preact/hooks';
import { functions } from '../live/live';
import { functionHref } from '../route';
import { Button, LinkButton } from '../ui/button';
import { Empty } from '../ui/empty';
import { Icon } from '../ui/icon';
import { Notice } from '../ui/notice';
import { findInStore, STORE, type StoreFunction } from './store';
import { StoreDialog } from './store-dialog';
import { StoreIcon } from './store-icon';
import { useArch } from './use-arch';

/** Functions that are there to be deployed as they are. */
export function StorePage() {
  const { arch, error } = useArch();
  const [search, setSearch] = useState('');
  const [deploys, setDeploys] = useState<StoreFunction>();
  const found = arch === undefined ? [] : findInStore(STORE, search, arch);
  return (
    <>
      <div class="page-head">
        <h1 class="grow">Store</h1>
        <div class="search">
          <Icon of={Search} />
          <input type="search" aria-label="Search the store" placeholder="Search the store" value={search} spellcheck={false} onInput={({ currentTarget }) => setSearch(currentTarget.value)} />
        </div>
      </div>
      {error !== undefined && <Notice kind="error">What runs here cannot be told: {error}.</Notice>}
      {arch === undefined && error === undefined && <p class="loading">Loading…</p>}
      {arch !== undefined && (
        <>
          <p class="unseen" role="status">{`${found.length} functions`}</p>
          {found.length > 0 ? (
            <ul class="store">
              {found.map((one) => (
                <Card key={one.name} one={one} onDeploy={() => setDeploys(one)} />
              ))}
            </ul>
          ) : (
            <div class="card">
              <Empty title={search.trim() === '' ? 'Nothing in the store runs here' : 'Nothing in the store matches'}>
                {search.trim() === '' ? <p>No entry has an image for this gateway’s processor, {arch}.</p> : <Button onClick={() => setSearch('')}>Show all</Button>}
              </Empty>
            </div>
          )}
        </>
      )}
      {deploys && arch !== undefined && <StoreDialog one={deploys} arch={arch} onClose={() => setDeploys(undefined)} />}
    </>
  );
}

function Card({ one, onDeploy }: { readonly one: StoreFunction; readonly onDeploy: () => void }) {
  const { name, title, description, author } = one;
  const there = [...(functions.value?.values() ?? [])].filter((fn) => fn.name === name);
  return (
    <li class="card store-card">
      <div class="store-card-head">
        <StoreIcon of={one} />
        <div class="grow">
          <h2 class="break">{title}</h2>
          <p class="quiet break">{author === undefined || author === '' ? name : `${name} · by ${author}`}</p>
        </div>
      </div>
      <p class="store-description break">{description}</p>
      <div class="row">
        <Button kind="primary" onClick={onDeploy} aria-label={`Deploy ${title}`}>
          Deploy
        </Button>
        <LinkButton kind="quiet" href={`#/new/${encodeURIComponent(name)}`}>
          Change first
          <span class="unseen"> {title}</span>
        </LinkButton>
        {there[0] && (
          <a class="store-there" href={functionHref(there[0].key)}>
            deployed
            <span class="unseen"> {title}</span>
          </a>
        )}
      </div>
    </li>
  );
}
