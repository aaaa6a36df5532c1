import { ShoalError } from '@shoal/domain/shared/errors';

/**
 * The streams that Docker sends as one: each piece comes in a frame, which begins with the stream's number, three zeros
 * and four bytes of length.
 */
export type LogFrame = ContainerFrame | EngineFrame;

export interface ContainerFrame {
  readonly stream: 'stdout' | 'stderr';
  readonly payload: Buffer;
}

/** What Docker itself has to say. */
interface EngineFrame {
  readonly stream: 'engine';
  readonly payload: Buffer;
}

const HEADER_BYTES = 8;
const STREAMS: readonly LogFrame['stream'][] = ['stdout', 'stdout', 'stderr', 'engine'];
/** Docker cuts lines at 16 KiB, some of its log drivers at 256 KiB. */
const MAX_FRAME_BYTES = 1024 * 1024;

/** Cuts a stream of bytes into its frames, wherever the chunks begin and end. */
export class FrameParser {
  private rest: Buffer = Buffer.alloc(0);

  /** The frames that `chunk` completes. Throws `backend-unavailable` when the bytes are no such stream, as those of a terminal. */
  push(chunk: Buffer): LogFrame[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: LogFrame[] = [];
    let at = 0;
    for (;;) {
      if (this.rest.length - at < HEADER_BYTES) break;
      const stream = STREAMS[this.rest[at]!];
      const length = this.rest.readUInt32BE(at + 4);
      if (stream === undefined || length > MAX_FRAME_BYTES) throw new ShoalError('backend-unavailable', 'what the Docker engine sends is no log', { layer: 'provider' });
      const start = at + HEADER_BYTES;
      if (this.rest.length < start + length) break;
      frames.push({ stream, payload: this.rest.subarray(start, start + length) });
      at = start + length;
    }
    this.rest = this.rest.subarray(at);
    return frames;
  }
}
