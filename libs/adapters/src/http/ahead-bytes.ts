const MAX_BYTES = 64 * 1024;
const MAX_PIECES = 256;
const NO_BYTES = Buffer.alloc(0);

/** Bytes of requests that a caller sends ahead of their turn. Once it is `full`, more is to wait in the network. */
export class AheadBytes {
  length = 0;
  private pieces: Buffer[] = [];

  get full(): boolean {
    return this.length > MAX_BYTES || this.pieces.length >= MAX_PIECES;
  }

  push(piece: Buffer): void {
    this.pieces.push(piece);
    this.length += piece.byteLength;
  }

  /** All of them, which are no longer kept. */
  take(): Buffer {
    const { pieces } = this;
    this.pieces = [];
    this.length = 0;
    if (pieces.length <= 1) return pieces[0] ?? NO_BYTES;
    return Buffer.concat(pieces);
  }
}
