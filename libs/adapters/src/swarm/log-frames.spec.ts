import fc from 'fast-check';
import { FrameParser, type LogFrame } from './log-frames';

const NUMBER = { stdout: 1, stderr: 2, engine: 3 } as const;

function encode({ stream, payload }: LogFrame): Buffer {
  const header = Buffer.alloc(8);
  header[0] = NUMBER[stream];
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

const frame = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const, 'engine' as const),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
}) as fc.Arbitrary<LogFrame>;

describe('FrameParser', () => {
  it('finds the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat()), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(encode));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const parser = new FrameParser();
        const found = places.slice(1).flatMap((end, i) => parser.push(bytes.subarray(places[i], end)));
        expect(found).toEqual(frames);
      }),
    );
  });

  it('gives a frame as soon as it is complete', () => {
    const parser = new FrameParser();
    const bytes = encode({ stream: 'stdout', payload: Buffer.from('hello') });
    expect(parser.push(bytes.subarray(0, -1))).toEqual([]);
    expect(parser.push(bytes.subarray(-1))).toHaveLength(1);
  });

  it('never waits for more than a log can hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 100 }), (bytes) => {
        const parser = new FrameParser();
        try {
          for (const { payload } of parser.push(Buffer.from(bytes))) expect(payload.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'backend-unavailable' });
        }
      }),
    );
    expect(() => new FrameParser().push(Buffer.from('plain text of a terminal\n'))).toThrow(/no log/);
    expect(() => new FrameParser().push(Buffer.from([1, 0, 0, 0, 0xff, 0, 0, 0]))).toThrow(/no log/);
  });
});
