import { request } from '../api/client';
import type { FunctionStatus } from '../api/function-status';

/** Names, sorted. */
export async function listSecrets(namespace: string, signal?: AbortSignal): Promise<readonly string[]> {
  const secrets = await request<readonly { readonly name: string }[]>('GET', `system/secrets?namespace=${encodeURIComponent(namespace)}`, signal ? { signal } : {});
  return secrets.map(({ name }) => name).sort();
}

/** A value as text, or as bytes in base64. */
export type SecretValue = { readonly value: string } | { readonly rawValue: string };

export interface SaveSecretOptions {
  readonly namespace: string;
  /** Whether there is one of that name, which gets another value. */
  readonly replaces: boolean;
}

export async function saveSecret(name: string, value: SecretValue, { namespace, replaces }: SaveSecretOptions): Promise<void> {
  await request(replaces ? 'PUT' : 'POST', 'system/secrets', { body: { name, namespace, ...value } });
}

export async function removeSecret(name: string, namespace: string): Promise<void> {
  await request('DELETE', 'system/secrets', { body: { name, namespace } });
}

/** Names of secrets, each with the functions of the namespace that read it. */
export async function usersOfSecrets(namespace: string, signal?: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
  const functions = await request<readonly FunctionStatus[]>('GET', `system/functions?namespace=${encodeURIComponent(namespace)}`, signal ? { signal } : {});
  const users = new Map<string, string[]>();
  for (const { name, secrets = [] } of functions) for (const secret of secrets) users.set(secret, [...(users.get(secret) ?? []), name]);
  return users;
}
