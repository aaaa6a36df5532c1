import fc from 'fast-check';
import { LineAssembler, MAX_LINE_LENGTH, type TaskLogLine } from './log-lines';

const TIME = '2026-01-02T03:04:05.123456789Z';

interface Origin {
  readonly task?: string;
  readonly stream?: 'stdout' | 'stderr';
}

function frame(text: string | Buffer, { task = 't1', stream = 'stdout' }: Origin = {}) {
  const head = `${TIME} com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s1,com.docker.swarm.task.id=${task} `;
  return { stream, payload: Buffer.concat([Buffer.from(head), Buffer.from(text)]) };
}

/** As Docker cuts a line: in pieces of so many bytes, the last one with the line break. */
function framesOf(line: string, bytesEach: number, origin: Origin = {}) {
  const bytes = Buffer.from(`${line}\n`);
  return Array.from({ length: Math.ceil(bytes.length / bytesEach) }, (_, i) => frame(bytes.subarray(i * bytesEach, (i + 1) * bytesEach), origin));
}

const texts = (lines: readonly TaskLogLine[]) => lines.map(({ text }) => text);

describe('LineAssembler', () => {
  it('reads who wrote a line, and when', () => {
    expect(new LineAssembler().push(frame('a b  c \r\n', { task: 't9', stream: 'stderr' }))).toEqual([
      { taskId: 't9', stream: 'stderr', timestamp: TIME, piece: 0, text: 'a b  c ' },
    ]);
    expect(texts(new LineAssembler().push(frame('\n')))).toEqual(['']);
  });

  it('puts a line together again, also when others write at the same time', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', '語', '🐟', ' '), maxLength: 40 });
    fc.assert(
      fc.property(line, line, fc.integer({ min: 1, max: 9 }), (one, two, bytesEach) => {
        const assembler = new LineAssembler();
        const [a, b] = [framesOf(one, bytesEach), framesOf(two, bytesEach, { stream: 'stderr' })];
        const lines: TaskLogLine[] = [];
        for (let i = 0; i < Math.max(a.length, b.length); i++) {
          for (const next of [a[i], b[i]]) if (next) lines.push(...assembler.push(next));
        }
        expect(lines.find(({ stream }) => stream === 'stdout')?.text).toBe(one);
        expect(lines.find(({ stream }) => stream === 'stderr')?.text).toBe(two);
        expect(assembler.end()).toEqual([]);
      }),
    );
  });

  it('keeps to its bound and loses nothing, and counts the pieces', () => {
    const line = `${'語'.repeat(MAX_LINE_LENGTH)}${'x'.repeat(MAX_LINE_LENGTH)}end`;
    const assembler = new LineAssembler();
    const lines = framesOf(line, 16_384).flatMap((next) => assembler.push(next));
    expect(texts(lines).join('')).toBe(line);
    expect(Math.max(...lines.map(({ text }) => text.length))).toBe(MAX_LINE_LENGTH);
    expect(lines.map(({ piece }) => piece)).toEqual([0, 1, 2]);
    expect(texts(framesOf('next', 100).flatMap((next) => assembler.push(next)))).toEqual(['next']);
  });

  it('adds no empty piece to a line that fills its pieces', () => {
    const assembler = new LineAssembler();
    const lines = framesOf('x'.repeat(MAX_LINE_LENGTH), 16_384).flatMap((next) => assembler.push(next));
    expect(lines.map(({ text }) => text.length)).toEqual([MAX_LINE_LENGTH]);
  });

  it('gives at the end what has not ended', () => {
    const assembler = new LineAssembler();
    expect(assembler.push(frame('half a l'))).toEqual([]);
    expect(texts(assembler.end())).toEqual(['half a l']);
    expect(assembler.end()).toEqual([]);
  });

  it('remembers a bounded number of lines that have begun', () => {
    const assembler = new LineAssembler();
    const lines = Array.from({ length: 1_005 }, (_, i) => assembler.push(frame(`begun by ${i}`, { task: `t${i}` }))).flat();
    expect(texts(lines)).toEqual([0, 1, 2, 3, 4].map((i) => `begun by ${i}`));
  });

  it.each(['', 'nonsense', `${TIME} some=thing text\n`])('refuses %j, which does not say its task', (payload) => {
    expect(() => new LineAssembler().push({ stream: 'stdout', payload: Buffer.from(payload) })).toThrow(/does not say its task/);
  });
});
