/**
 * Where secrets are kept. A value goes in and reaches the functions that name it; it never comes back out.
 *
 * Every method may reject with `backend-unavailable`. Safe to call concurrently.
 */
export interface SecretStore {
  /** Names, sorted. */
  list(namespace: string): Promise<readonly string[]>;
  /** Rejects with `already-exists`. */
  create(namespace: string, name: string, value: Uint8Array): Promise<void>;
  /** Replaces the value; functions see it at their next call or start. Rejects with `secret-not-found`. */
  update(namespace: string, name: string, value: Uint8Array): Promise<void>;
  /** Rejects with `secret-not-found`. */
  remove(namespace: string, name: string): Promise<void>;
}
