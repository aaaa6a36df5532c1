import { CallStatistics } from '@shoal/domain/invocation/call-statistics';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { InMemoryFunctionProvider } from '@shoal/domain/testing/in-memory-function-provider';
import { LiveView, type View } from './live-view';
import { QueueCounts } from './queue-counts';
import { Schedules } from './schedules';

async function setUp() {
  const clock = new FakeClock();
  const provider = new InMemoryFunctionProvider();
  const directory = new ReplicaDirectory();
  await provider.watch(directory.apply);
  for (const name of ['f', 'g']) await provider.apply(aFunction(name));
  const statistics = new CallStatistics(clock, { statusOf: () => 500, exists: () => true });
  let ended = 0;
  const view = new LiveView({
    directory,
    statistics,
    queueCounts: new QueueCounts(undefined, clock),
    schedules: new Schedules(undefined),
    invocations: (key) => (key === 'f.ns' ? ended : 0),
    problem: () => undefined,
    gateway: { provider: 'local', version: '1', namespace: 'ns', startedAt: '' },
  });
  let before: View['functions'] = new Map();
  /** Whether the summary of `f` is another one than at the last look, and the summary. */
  const look = () => {
    const last = before.get('f.ns')?.summary;
    const { functions, platform } = view.look(before).next().value!;
    expect(functions.get('g.ns')!.summary).toBe(before.get('g.ns')?.summary ?? functions.get('g.ns')!.summary);
    before = functions;
    const summary = functions.get('f.ns')!.summary;
    return { changed: summary !== last, summary, platform };
  };
  look();
  const start = () => statistics.started('f.ns');
  const end = () => {
    statistics.ended('f.ns', 500, 10);
    ended++;
  };
  return { clock, provider, look, start, end };
}

describe('LiveView.look()', () => {
  it('has the same summary of what is as it was, and only of that', async () => {
    const { provider, look } = await setUp();
    expect(look().changed).toBe(false);
    await provider.scale(aFunction('f').id, 3);
    expect(look()).toMatchObject({ changed: true, summary: { replicas: 3, availableReplicas: 3 } });
    expect(look().changed).toBe(false);
  });

  it('sees a call begin, end and be over for a minute', async () => {
    const { clock, look, start, end } = await setUp();
    clock.advance(1_000);
    start();
    expect(look()).toMatchObject({ changed: true, summary: { inFlight: 1, lastCallAt: '1970-01-01T00:00:01.000Z' }, platform: { inFlight: 1 } });
    expect(look().changed).toBe(false);
    end();
    expect(look()).toMatchObject({ changed: true, summary: { inFlight: 0, invocationCount: 1, errorRate: 1 }, platform: { errorRate: 1 } });
    clock.advance(90_000);
    const { changed, summary, platform } = look();
    expect([changed, summary.callsPerSecond, summary.errorRate, summary.p95Ms, platform.errorRate]).toEqual([true, 0, undefined, undefined, undefined]);
    expect(look().changed).toBe(false);
  });

  it('sees another call come while one is there, although as many run as before', async () => {
    const { clock, look, start, end } = await setUp();
    start();
    look();
    clock.advance(2_000);
    end();
    start();
    clock.advance(90_000);
    expect(look()).toMatchObject({ changed: true, summary: { inFlight: 1, lastCallAt: '1970-01-01T00:00:02.000Z' } });
  });
});
