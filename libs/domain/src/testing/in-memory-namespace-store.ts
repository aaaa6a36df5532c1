import type { Namespace, NamespaceStore } from '../namespaces/namespace-store';

export class InMemoryNamespaceStore implements NamespaceStore {
  private readonly namespaces = new Map<string, Namespace>();

  async list(): Promise<readonly Namespace[]> {
    return [...this.namespaces.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async put(namespace: Namespace): Promise<void> {
    this.namespaces.set(namespace.name, namespace);
  }

  async remove(name: string): Promise<void> {
    this.namespaces.delete(name);
  }
}
