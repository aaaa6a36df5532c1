import type { FunctionId } from '@shoal/domain/functions/function-spec';
import type { LogLine, LogQuery, LogSource } from '@shoal/domain/logs/log-source';

const POLL_MS = 20;
const PATIENCE_MS = 30_000;

export interface LogSourceUnderTest {
  readonly source: LogSource;
  /** One whose backend does not answer. */
  readonly unreachable: LogSource;
  /** Runs the function with so many replicas; resolves with their ids once `write` can be asked of each. */
  start(id: FunctionId, replicas: number): Promise<readonly string[]>;
  /** Makes a replica write a line. Nobody else's lines look like those of a test: `line-…`. */
  write(id: FunctionId, instance: string, text: string, stream?: 'stdout' | 'stderr'): Promise<void>;
}

/** What every `LogSource` does. Backends may put something before a line, and write lines of their own. */
export function describeLogSource(name: string, create: () => Promise<LogSourceUnderTest>): void {
  describe(`${name} as a LogSource`, () => {
    const id: FunctionId = { name: 'fn', namespace: 'ns' };
    const never = () => new AbortController().signal;
    let test: LogSourceUnderTest;
    beforeEach(async () => (test = await create()));

    const past = (query: Partial<LogQuery> = {}) => collect(test.source.read({ id, follow: false, ...query }, never()));
    const follow = (query: Partial<LogQuery> = {}) => new Follower(test.source, { id, follow: true, ...query });
    /** Writes a line, and waits until it can be read and its millisecond is over, so that the next one is later. */
    async function say(instance: string, text: string, stream?: 'stdout' | 'stderr'): Promise<LogLine> {
      await test.write(id, instance, text, stream);
      for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
        const line = (await past()).find((one) => said([one])[0] === text);
        if (line && Date.now() > Date.parse(line.timestamp)) return line;
      }
      throw new Error(`${text} is not in the log after ${PATIENCE_MS / 1_000} s`);
    }

    it('gives the past of both streams, oldest first, and ends', async () => {
      const [instance] = await test.start(id, 1);
      await say(instance!, 'line-1', 'stdout');
      await say(instance!, 'line-2', 'stderr');
      await say(instance!, 'line-3', 'stdout');
      const lines = await past();
      expect(said(lines)).toEqual(['line-1', 'line-2', 'line-3']);
      for (const line of lines) {
        expect(line).toMatchObject({ ...id, instance, timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/) });
        expect(line.text).not.toMatch(/[\r\n]/);
      }
    });

    it('puts the lines of replicas in the order of time, and tells them apart', async () => {
      const instances = await test.start(id, 2);
      const expected: [string, string][] = [];
      for (let i = 0; i < 6; i++) {
        const instance = instances[(i >> 1) % 2]!;
        await say(instance, `line-${i}`);
        expected.push([instance, `line-${i}`]);
      }
      expect((await past()).filter((line) => said([line]).length > 0).map((line) => [line.instance, said([line])[0]])).toEqual(expected);
      expect(said(await past({ instance: instances[1]! }))).toEqual(['line-2', 'line-3']);
      await expect(past({ instance: 'nobody' })).resolves.toEqual([]);
    });

    it('tail gives the last of all replicas together', async () => {
      const instances = await test.start(id, 2);
      for (let i = 0; i < 4; i++) await say(instances[i % 2]!, `line-${i}`);
      const all = await past();
      expect(await past({ tail: 1 })).toEqual(all.slice(-1));
      expect(await past({ tail: 3 })).toEqual(all.slice(-3));
      expect(await past({ tail: 1_000 })).toEqual(all);
    });

    it('since leaves out what is not later, to the millisecond', async () => {
      const [instance] = await test.start(id, 1);
      const first = await say(instance!, 'line-1');
      await say(instance!, 'line-2');
      await say(instance!, 'line-3');
      const sinceMs = Date.parse(first.timestamp);
      expect(said(await past({ sinceMs }))).toEqual(['line-2', 'line-3']);
      expect(said(await past({ sinceMs: sinceMs - 1 }))).toEqual(['line-1', 'line-2', 'line-3']);
      expect(said(await past({ sinceMs, tail: 1_000 }))).toEqual(['line-2', 'line-3']);
      await expect(past({ sinceMs: Date.now() + 60_000 })).resolves.toEqual([]);
    });

    it('follow gives the past and then what comes, each line once, until it is stopped', async () => {
      const [instance] = await test.start(id, 1);
      await say(instance!, 'line-1');
      const follower = follow();
      await follower.until('line-1');
      await say(instance!, 'line-2', 'stderr');
      await say(instance!, 'line-3', 'stdout');
      await follower.until('line-3');
      await follower.stop();
      expect(said(follower.lines)).toEqual(['line-1', 'line-2', 'line-3']);
    });

    it('follow keeps to tail, since and instance', async () => {
      const [one, two] = await test.start(id, 2);
      const first = await say(one!, 'line-1');
      await say(two!, 'line-2');
      const lastOnly = follow({ tail: 1 });
      const later = follow({ sinceMs: Date.parse(first.timestamp) });
      const ofOne = follow({ instance: one! });
      await Promise.all([lastOnly.until('line-2'), later.until('line-2'), ofOne.until('line-1')]);
      await say(two!, 'line-3');
      await say(one!, 'line-4');
      await Promise.all([lastOnly, later, ofOne].map((follower) => follower.until('line-4')));
      await Promise.all([lastOnly, later, ofOne].map((follower) => follower.stop()));
      expect(said(later.lines)).toEqual(['line-2', 'line-3', 'line-4']);
      expect(said(lastOnly.lines)).toEqual(['line-2', 'line-3', 'line-4']);
      expect(said(ofOne.lines)).toEqual(['line-1', 'line-4']);
    });

    it('follow gives the lines of a replica that starts later', async () => {
      const [first] = await test.start(id, 1);
      const follower = follow();
      await say(first!, 'line-1');
      await follower.until('line-1');
      const second = (await test.start(id, 2)).find((instance) => instance !== first);
      await say(second!, 'line-2');
      await follower.until('line-2');
      await follower.stop();
      expect(follower.lines.at(-1)).toMatchObject({ instance: second });
    });

    it('ends at once when it is stopped, also before it begins and while nothing is written', async () => {
      await test.start(id, 1);
      await expect(collect(test.source.read({ id, follow: true }, AbortSignal.abort()))).resolves.toEqual([]);
      const follower = follow();
      await follower.stop();
      const stopping = new AbortController();
      const lines = collect(test.source.read({ id, follow: true }, stopping.signal));
      stopping.abort();
      await expect(lines).resolves.toEqual([]);
    });

    it('has no lines of a function that there is not, and ends', async () => {
      const unknown = { ...id, name: 'nobody' };
      await expect(past({ id: unknown })).resolves.toEqual([]);
      await expect(past({ id: unknown, follow: true })).resolves.toEqual([]);
      await expect(past({ id: { ...id, namespace: 'other' } })).resolves.toEqual([]);
    });

    it('rejects with backend-unavailable at the first read', async () => {
      const lines = test.unreachable.read({ id, follow: true }, never());
      await expect(lines[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'backend-unavailable' });
    });
  });
}

/** The lines of a test, without what a backend has put before them. */
function said(lines: readonly LogLine[]): string[] {
  return lines.flatMap(({ text }) => /line-\d+$/.exec(text)?.[0] ?? []);
}

async function collect(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

/** Reads on and on, in the background. */
class Follower {
  readonly lines: LogLine[] = [];
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  private onLine: () => void = () => undefined;

  constructor(source: LogSource, query: LogQuery) {
    this.ended = (async () => {
      for await (const line of source.read(query, this.stopping.signal)) {
        this.lines.push(line);
        this.onLine();
      }
    })();
    this.ended.catch(() => undefined);
  }

  /** Resolves once the line has come. */
  async until(text: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const come = new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${text} did not come; these did: ${said(this.lines).join(', ')}`)), PATIENCE_MS);
      this.onLine = () => said(this.lines).includes(text) && resolve();
      this.onLine();
    });
    const endedEarly = this.ended.then(() => Promise.reject(new Error(`it ended before ${text}`)));
    await Promise.race([come, endedEarly]).finally(() => clearTimeout(timer));
  }

  /** Rejects when the reading does not end at once. */
  async stop(): Promise<void> {
    const startMs = performance.now();
    this.stopping.abort();
    await this.ended;
    expect(performance.now() - startMs).toBeLessThan(500);
  }
}
