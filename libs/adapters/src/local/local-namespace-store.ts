import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Namespace, NamespaceStore } from '@shoal/domain/namespaces/namespace-store';
import writeFileAtomic from 'write-file-atomic';
import { OneAtATime } from '@shoal/domain/shared/one-at-a-time';

/** All namespaces in one file, read once. */
export class LocalNamespaceStore implements NamespaceStore {
  private readonly writes = new OneAtATime();
  private loaded: Promise<Map<string, Namespace>> | undefined;

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

  private namespaces(): Promise<Map<string, Namespace>> {
    this.loaded ??= this.load();
    return this.loaded;
  }

  private async load(): Promise<Map<string, Namespace>> {
    const text = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    });
    return new Map((JSON.parse(text) as Namespace[]).map((namespace) => [namespace.name, namespace]));
  }

  private async save(namespaces: Map<string, Namespace>): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    await writeFileAtomic(this.file, `${JSON.stringify([...namespaces.values()], undefined, 2)}\n`, { mode: 0o600 });
    this.loaded = Promise.resolve(namespaces);
  }
}
