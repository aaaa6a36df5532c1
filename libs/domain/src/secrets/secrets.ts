import type { FunctionProvider } from '../functions/function-provider';
import { parseSecretName } from '../functions/function-spec';
import type { Namespaces } from '../namespaces/namespaces';
import { ShoalError } from '../shared/errors';
import type { SecretStore } from './secret-store';

export const MAX_SECRET_BYTES = 512 * 1024;

/** Looking after secrets. Every method may reject as the store does. */
export class Secrets {
  constructor(
    private readonly store: SecretStore,
    private readonly provider: FunctionProvider,
    private readonly namespaces: Namespaces,
  ) {}

  async list(namespace: string): Promise<readonly string[]> {
    return this.store.list(namespace);
  }

  /** Rejects with `invalid-request` or `already-exists`. */
  async create(namespace: string, name: string, value: Uint8Array): Promise<void> {
    if (!(await this.namespaces.exists(namespace))) {
      throw new ShoalError('invalid-request', `namespace ${namespace} does not exist`);
    }
    await this.store.create(namespace, parseSecretName(name, 'name'), bounded(value));
  }

  /** Rejects with `invalid-request` or `secret-not-found`. */
  async update(namespace: string, name: string, value: Uint8Array): Promise<void> {
    await this.store.update(namespace, parseSecretName(name, 'name'), bounded(value));
  }

  /** Rejects with `secret-not-found`, and with `in-use` as long as a function names it. */
  async remove(namespace: string, name: string): Promise<void> {
    parseSecretName(name, 'name');
    const users = (await this.provider.list(namespace)).filter(({ spec }) => spec.secrets.includes(name));
    if (users.length > 0) {
      const names = users.map(({ spec }) => spec.id.name).join(', ');
      throw new ShoalError('in-use', `secret ${name} is in use by: ${names}; remove it from them first`);
    }
    await this.store.remove(namespace, name);
  }
}

function bounded(value: Uint8Array): Uint8Array {
  if (value.byteLength > MAX_SECRET_BYTES) {
    throw new ShoalError('invalid-request', `value is longer than ${MAX_SECRET_BYTES} bytes`);
  }
  return value;
}
