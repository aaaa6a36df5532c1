import type { TaskLogLine } from './log-lines';
import { SeenLines } from './seen-lines';

const line = (time: number, rest: Partial<TaskLogLine> = {}): TaskLogLine => ({ taskId: 't', stream: 'stdout', timestamp: String(time), piece: 0, text: '', ...rest });

async function* source(lines: readonly TaskLogLine[]): AsyncGenerator<TaskLogLine> {
  yield* lines;
}

async function all(lines: AsyncIterable<TaskLogLine>): Promise<TaskLogLine[]> {
  const found: TaskLogLine[] = [];
  for await (const one of lines) found.push(one);
  return found;
}

describe('SeenLines', () => {
  it('leaves out what has been seen, of each stream of each task', async () => {
    const seen = new SeenLines();
    const past = [line(3), line(5), line(4, { stream: 'stderr' })];
    expect(await all(seen.leaveOut(source(past)))).toEqual(past);
    const fresh = [line(6), line(5, { stream: 'stderr' }), line(1, { taskId: 'other' })];
    expect(await all(seen.leaveOut(source([...past, ...fresh])))).toEqual(fresh);
  });

  it('keeps all pieces of a long line', async () => {
    const seen = new SeenLines();
    const lines = [line(1), line(2, { piece: 0 }), line(2, { piece: 1 }), line(2, { piece: 11 })];
    expect(await all(seen.leaveOut(source([...lines, ...lines, line(3)])))).toEqual([...lines, line(3)]);
  });

  it('knows the newest line of a task', async () => {
    const seen = new SeenLines();
    await all(seen.leaveOut(source([line(3), line(5, { stream: 'stderr' }), line(9, { taskId: 'other' })])));
    expect([seen.newestOf('t'), seen.newestOf('other'), seen.newestOf('unknown')]).toEqual(['5', '9', undefined]);
  });
});
