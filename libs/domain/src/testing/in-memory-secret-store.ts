import type { SecretStore } from '../secrets/secret-store';
import { ShoalError } from '../shared/errors';

export class InMemorySecretStore implements SecretStore {
  private readonly values = new Map<string, Map<string, Uint8Array>>();

  async list(namespace: string): Promise<readonly string[]> {
    return [...this.room(namespace).keys()].sort();
  }

  async create(namespace: string, name: string, value: Uint8Array): Promise<void> {
    if (this.room(namespace).has(name)) throw new ShoalError('already-exists', `secret ${name} exists already`);
    this.room(namespace).set(name, value);
  }

  async update(namespace: string, name: string, value: Uint8Array): Promise<void> {
    this.require(namespace, name);
    this.room(namespace).set(name, value);
  }

  async remove(namespace: string, name: string): Promise<void> {
    this.require(namespace, name);
    this.room(namespace).delete(name);
  }

  /** For the tests' own look. */
  valueOf(namespace: string, name: string): Uint8Array | undefined {
    return this.room(namespace).get(name);
  }

  private require(namespace: string, name: string): void {
    if (!this.room(namespace).has(name)) throw new ShoalError('secret-not-found', `secret ${name} does not exist`);
  }

  private room(namespace: string): Map<string, Uint8Array> {
    const room = this.values.get(namespace) ?? new Map<string, Uint8Array>();
    this.values.set(namespace, room);
    return room;
  }
}
