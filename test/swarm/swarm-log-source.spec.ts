import type { FunctionId } from '@shoal/domain/functions/function-spec';
import type { LogLine, LogQuery } from '@shoal/domain/logs/log-source';
import { Engine } from '@shoal/adapters/swarm/engine';
import { SwarmLogSource } from '@shoal/adapters/swarm/swarm-log-source';
import type { Service } from '@shoal/adapters/swarm/swarm-types';
import { describeLogSource } from '../contracts/log-source.contract';
import { eventually, listTasks, runIn, runningTasks } from './containers';
import { BASE_IMAGE, describeOnEngine } from './describe-on-engine';

const id: FunctionId = { name: 'fn', namespace: 'ns' };
const IDLE = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'];

describeOnEngine('on a real swarm', ({ host }) => {
  const engine = new Engine(host);
  const warnings: string[] = [];
  const source = new SwarmLogSource(engine, { defaultNamespace: 'ns', warn: (text) => warnings.push(text) });

  async function run(Command: readonly string[], { name = 'fn', replicas = 1, labels = { 'com.openfaas.function': 'fn' }, restart = 'none' } = {}): Promise<void> {
    const spec = {
      Name: name,
      Labels: labels,
      TaskTemplate: { ContainerSpec: { Image: BASE_IMAGE, Command, StopGracePeriod: 1_000_000_000 }, RestartPolicy: { Condition: restart, Delay: 100_000_000 } },
      Mode: { Replicated: { Replicas: replicas } },
    };
    await engine.ask((docker) => docker.createService(spec as object));
  }

  async function scale(replicas: number): Promise<void> {
    const { Version, Spec } = await engine.ask((docker) => docker.getService('fn').inspect() as Promise<Service>);
    const options = { _query: { version: Version.Index }, _body: { ...Spec, Mode: { Replicated: { Replicas: replicas } } } };
    await engine.ask((docker) => docker.getService('fn').update(options) as Promise<unknown>);
  }

  async function read(query: Partial<LogQuery> = {}, from = source): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    for await (const line of from.read({ id, follow: false, ...query }, new AbortController().signal)) lines.push(line);
    return lines;
  }
  /** What is in the log once it has so many lines. */
  const readOnce = (count: number) => eventually(`${count} lines`, async () => {
    const lines = await read();
    return lines.length >= count ? lines : undefined;
  });

  afterEach(async () => {
    const services = await engine.ask((docker) => docker.listServices());
    for (const { ID } of services) await engine.find((docker) => docker.getService(ID).remove());
    warnings.splice(0);
  });

  describeLogSource('SwarmLogSource', async () => ({
    source,
    unreachable: new SwarmLogSource(new Engine('unix:///nowhere.sock'), { defaultNamespace: 'ns', warn: () => undefined }),
    start: async ({ name }, replicas) => {
      if ((await engine.find((docker) => docker.getService(name).inspect())) === undefined) await run(IDLE, { replicas });
      else await scale(replicas);
      return (await runningTasks(engine, name, replicas)).map(({ ID }) => ID);
    },
    write: async ({ name }, instance, text, stream = 'stdout') => {
      const task = (await listTasks(engine, name)).find(({ ID }) => ID === instance)!;
      await runIn(engine, task, 'sh', '-c', 'echo "$1" > /proc/1/fd/$2', 'sh', text, stream === 'stdout' ? '1' : '2');
    },
  }));

  describe('SwarmLogSource', () => {
    it('gives long lines as they were written, in pieces when they are too long, and any text', async () => {
      const script = "console.log('é'.repeat(30_000)); console.log(); console.log('x'.repeat(140_000)); process.stdout.write('🐟 without an end')";
      await run(['node', '-e', script]);
      const texts = (await readOnce(6)).map(({ text }) => text);
      expect(texts).toEqual(['é'.repeat(30_000), '', 'x'.repeat(65_536), 'x'.repeat(65_536), 'x'.repeat(140_000 - 2 * 65_536), '🐟 without an end']);
    });

    it('gives the lines of replicas that have ended, too', async () => {
      await run(['sh', '-c', 'echo "before the crash"; exit 3'], { restart: 'any' });
      const lines = await readOnce(3);
      expect(new Set(lines.map(({ text }) => text))).toEqual(new Set(['before the crash']));
      expect(new Set(lines.map(({ instance }) => instance)).size).toBe(lines.length);
      expect(lines.map(({ timestamp }) => timestamp)).toEqual(lines.map(({ timestamp }) => timestamp).sort());
    });

    it('gives each of many lines of many replicas once and in order, while they are written', async () => {
      const [replicas, lineCount] = [8, 3_000];
      const script = `let i = 0; const timer = setInterval(() => { for (let j = 0; j < 20; j++) console.log(i++); if (i === ${lineCount}) clearInterval(timer); }, 10); setInterval(() => 0, 1e6)`;
      await run(['node', '-e', script], { replicas });
      await runningTasks(engine, 'fn', replicas);
      const counts = new Map<string, number>();
      const stopping = new AbortController();
      const limit = setTimeout(() => stopping.abort(), 30_000);
      for await (const { instance, text } of source.read({ id, follow: true }, stopping.signal)) {
        const count = counts.get(instance) ?? 0;
        expect(text).toBe(String(count));
        counts.set(instance, count + 1);
        if ([...counts.values()].every((each) => each === lineCount) && counts.size === replicas) stopping.abort();
      }
      clearTimeout(limit);
      expect([...counts.values()]).toEqual(Array.from({ length: replicas }, () => lineCount));
      expect(await read()).toHaveLength(replicas * lineCount);
    });

    it('follows replicas that come and go, to their last words, and ends with the function', async () => {
      await run(['sh', '-c', 'echo begin; sleep 0.5; echo end; exit 3'], { restart: 'any' });
      await runningTasks(engine, 'fn', 1);
      const texts = new Map<string, string[]>();
      for await (const { instance, text } of source.read({ id, follow: true }, new AbortController().signal)) {
        texts.set(instance, [...(texts.get(instance) ?? []), text]);
        if (texts.size === 4 && text === 'begin') await engine.ask((docker) => docker.getService('fn').remove());
      }
      expect([...texts.values()].slice(0, 3)).toEqual(Array.from({ length: 3 }, () => ['begin', 'end']));
    });

    it('closes what it has opened when the reader leaves, in the past or later', async () => {
      await run(['sh', '-c', 'while :; do echo tick; sleep 0.1; done'], { replicas: 2 });
      await runningTasks(engine, 'fn', 2);
      await readOnce(10);
      const pipes = () => process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length;
      const before = pipes();
      const readers = Array.from({ length: 5 }, () => source.read({ id, follow: true }, new AbortController().signal));
      for (const [i, reader] of readers.entries()) for (let line = 0; line < 1 + i * 10; line++) await reader.next();
      expect(pipes()).toBeGreaterThan(before + readers.length);
      for (const reader of readers) await reader.return(undefined);
      await eventually('all closed', async () => (pipes() <= before ? true : undefined));
    });

    it('gives nothing of a service that is no function, nor of another namespace', async () => {
      await run(['echo', 'secret'], { labels: {} as { 'com.openfaas.function': string } });
      await eventually('it has run', async () => ((await listTasks(engine, 'fn'))[0]?.Status.State === 'complete' ? true : undefined));
      await expect(read()).resolves.toEqual([]);
      await expect(read({ instance: (await listTasks(engine, 'fn'))[0]!.ID })).resolves.toEqual([]);
      await run(['echo', 'hello'], { name: 'other_fn', labels: { 'com.openfaas.function': 'fn', 'com.openfaas.namespace': 'other' } as { 'com.openfaas.function': string } });
      await eventually('the other has run', async () => ((await read({ id: { ...id, namespace: 'other' } })).length === 1 ? true : undefined));
      await expect(read()).resolves.toEqual([]);
    });

    it('waits for no replica that is still to start', async () => {
      await run(IDLE, { replicas: 1 });
      const spec = { Name: 'never', Labels: { 'com.openfaas.function': 'never' }, TaskTemplate: { ContainerSpec: { Image: 'shoal-test/no-such-image:1' } } };
      await engine.ask((docker) => docker.createService(spec as object));
      const startMs = performance.now();
      await expect(read({ id: { ...id, name: 'never' } })).resolves.toEqual([]);
      await expect(read()).resolves.toEqual([]);
      expect(performance.now() - startMs).toBeLessThan(2_000);
      expect(warnings).toEqual([]);
    });
  });
});
