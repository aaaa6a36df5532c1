/** A room for functions and secrets. */
export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Where a backend that has namespaces of our own making keeps them; a backend without them has no such store.
 *
 * Every method may reject with `backend-unavailable`. Safe to call concurrently.
 */
export interface NamespaceStore {
  /** Sorted by name; without the default namespace. */
  list(): Promise<readonly Namespace[]>;
  /** Creates it, or replaces its labels and annotations. */
  put(namespace: Namespace): Promise<void>;
  /** No error when there is none. */
  remove(name: string): Promise<void>;
}
