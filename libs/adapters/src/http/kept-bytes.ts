const NO_BYTES = Buffer.alloc(0);

/** Bytes that are not enough yet. Takes at most twice their memory, however small the pieces they come in. */
export class KeptBytes {
  length = 0;
  private room = NO_BYTES;

  append(bytes: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.room.byteLength) {
      const room = Buffer.allocUnsafe(2 * length);
      this.room.copy(room, 0, 0, this.length);
      this.room = room;
    }
    bytes.copy(this.room, this.length, from, to);
    this.length = length;
  }

  indexOf(mark: string, from: number): number {
    return this.room.subarray(0, this.length).indexOf(mark, Math.max(0, from), 'latin1');
  }

  text(from: number, to: number): string {
    return this.room.toString('latin1', Math.max(0, from), to);
  }

  clear(): void {
    this.length = 0;
    this.room = NO_BYTES;
  }
}
