import { readFile } from 'node:fs/promises';
import type { Namespace, NamespaceStore } from '@shoal/domain/namespaces/namespace-store';
import { ShoalError } from '@shoal/domain/shared/errors';
import writeFileAtomic from 'write-file-atomic';
import { OneAtATime } from '@shoal/domain/shared/one-at-a-time';
import { reading, writing } from './file-problem';

/**
 * All namespaces in one file, read once. Rejects with `backend-unavailable` while the file cannot be used; it is read again
 * then each time, and never written over.
 */
export class LocalNamespaceStore implements NamespaceStore {
  private readonly writes = new OneAtATime();
  private loaded: Map<string, Namespace> | undefined;

  constructor(private readonly file: string) {}

  async list(): Promise<readonly Namespace[]> {
    return [...(await this.namespaces()).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  put(namespace: Namespace): Promise<void> {
    return this.writes.run(async () => this.save(new Map(await this.namespaces()).set(namespace.name, namespace)));
  }

  remove(name: string): Promise<void> {
    return this.writes.run(async () => {
      const namespaces = new Map(await this.namespaces());
      if (namespaces.delete(name)) await this.save(namespaces);
    });
  }

  private async namespaces(): Promise<Map<string, Namespace>> {
    return (this.loaded ??= await this.load());
  }

  private async load(): Promise<Map<string, Namespace>> {
    const text = await reading(this.file, () =>
      readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '[]';
        throw error;
      }),
    );
    return new Map(this.parse(text).map((namespace) => [namespace.name, namespace]));
  }

  private parse(text: string): readonly Namespace[] {
    try {
      const namespaces: unknown = JSON.parse(text);
      if (Array.isArray(namespaces) && namespaces.every(isNamespace)) return namespaces;
    } catch {
      // Told below.
    }
    throw new ShoalError('backend-unavailable', `${this.file} is damaged: mend it, or move it away and create the namespaces anew`);
  }

  private async save(namespaces: Map<string, Namespace>): Promise<void> {
    await writing(this.file, () => writeFileAtomic(this.file, `${JSON.stringify([...namespaces.values()], undefined, 2)}\n`, { mode: 0o600 }));
    this.loaded = namespaces;
  }
}

function isNamespace(value: unknown): value is Namespace {
  if (typeof value !== 'object' || value === null) return false;
  const { name, labels, annotations } = value as Partial<Namespace>;
  return typeof name === 'string' && isTextMap(labels) && isTextMap(annotations);
}

function isTextMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((one) => typeof one === 'string');
}
