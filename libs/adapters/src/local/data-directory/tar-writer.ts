import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { pack, type Headers, type Pack } from 'tar-stream';
import type { ArchivedFile } from './archive-manifest';

/** Writes an archive that somebody reads at the same time. Everything rejects once nobody does any more. */
export class TarWriter {
  /** What to read. */
  readonly tar: Pack = pack();
  /** Of what has been added. */
  readonly files: ArchivedFile[] = [];
  private readonly closed = new Promise<never>((_resolve, reject) => this.tar.once('close', () => reject(new Error('the archive is not read any more'))));

  constructor() {
    this.closed.catch(() => undefined); // Of interest to who is writing only.
  }

  async addBytes(path: string, content: Buffer, mode: number): Promise<void> {
    await this.untilClosed((added) => this.tar.entry({ name: path, mode }, content, added));
    this.note(path, content.length, createHash('sha256').update(content).digest('hex'));
  }

  async addLink(path: string, target: string): Promise<void> {
    await this.untilClosed((added) => this.tar.entry({ name: path, type: 'symlink', linkname: target, mode: 0o777 }, added));
    this.note(path, 0, createHash('sha256').update(target).digest('hex'));
  }

  /** As long as the file is now: what is added to it meanwhile is left out. */
  async addFile(path: string, file: FileHandle, mode: number): Promise<void> {
    const { size } = await file.stat();
    const hash = createHash('sha256');
    let bytes = 0;
    const headers: Headers = { name: path, mode, size };
    if (size === 0) return this.addBytes(path, Buffer.alloc(0), mode);
    await this.untilClosed(async (added) => {
      const sink = this.tar.entry(headers, added);
      for await (const chunk of file.createReadStream({ start: 0, end: size - 1, autoClose: false }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
        if (!sink.write(chunk)) await this.untilClosed((drained) => sink.once('drain', drained));
      }
      if (bytes < size) throw new Error(`${path} became shorter while it was read`);
      sink.end();
    });
    this.note(path, bytes, hash.digest('hex'));
  }

  /** The last file, which is not noted. */
  async end(path: string, content: Buffer, mode: number): Promise<void> {
    await this.untilClosed((added) => this.tar.entry({ name: path, mode }, content, added));
    this.tar.finalize();
  }

  private note(path: string, bytes: number, sha256: string): void {
    this.files.push({ path, bytes, sha256 });
  }

  private untilClosed(action: (done: (error?: Error | null) => void) => unknown): Promise<void> {
    const acted = new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null) => (error ? reject(error) : resolve());
      Promise.resolve(action(done)).catch(reject);
    });
    return Promise.race([acted, this.closed]);
  }
}
