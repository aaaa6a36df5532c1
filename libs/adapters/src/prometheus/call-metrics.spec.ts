import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { KEEP_REMOVED_MS } from './by-function';
import { CallMetrics, MAX_CODES } from './call-metrics';
import { exposition } from './exposition';

function setUp() {
  const clock = new FakeClock();
  const metrics = new CallMetrics(() => 504, clock);
  const call = (key: string, outcome: Parameters<CallMetrics['ended']>[1], durationMs = 1) => {
    metrics.started(key);
    metrics.ended(key, outcome, durationMs);
  };
  const scrape = async () => {
    let text = '';
    for await (const part of exposition(metrics.metrics())) text += part;
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  };
  return { clock, metrics, call, scrape };
}

describe('CallMetrics', () => {
  it('shows calls by code, and how long they took in buckets that add up', async () => {
    const { call, scrape, metrics } = setUp();
    call('a.ns', 200, 5);
    call('a.ns', 200, 30);
    call('a.ns', 200, 20_000);
    metrics.started('a.ns');
    expect(await scrape()).toEqual([
      'gateway_function_invocation_total{function_name="a.ns",code="200"} 3',
      'gateway_function_invocation_started{function_name="a.ns"} 4',
      ...[['0.005', 1], ['0.01', 1], ['0.025', 1], ['0.05', 2], ['0.1', 2], ['0.25', 2], ['0.5', 2], ['1', 2], ['2.5', 2], ['5', 2], ['10', 2], ['+Inf', 3]].map(
        ([bound, count]) => `gateway_functions_seconds_bucket{le="${bound}",function_name="a.ns",code="200"} ${count}`,
      ),
      'gateway_functions_seconds_sum{function_name="a.ns",code="200"} 20.035',
      'gateway_functions_seconds_count{function_name="a.ns",code="200"} 3',
    ]);
    expect(metrics.invocations('a.ns')).toBe(3);
  });

  it('counts an error of ours with answers of the same status', async () => {
    const { call, scrape } = setUp();
    call('a.ns', 504);
    call('a.ns', 'not-ready-in-time');
    expect(await scrape()).toContain('gateway_function_invocation_total{function_name="a.ns",code="504"} 2');
  });

  it('tells so many codes of one function apart, and of further ones the class', async () => {
    const { call, scrape } = setUp();
    for (let code = 400; code < 500 + MAX_CODES; code++) call('a.ns', code);
    call('a.ns', 400);
    const totals = (await scrape()).filter((line) => line.startsWith('gateway_function_invocation_total'));
    expect(totals).toHaveLength(MAX_CODES + 2);
    expect(totals[0]).toContain('code="400"} 2');
    expect(totals.slice(-2)).toEqual([
      `gateway_function_invocation_total{function_name="a.ns",code="4xx"} ${100 - MAX_CODES}`,
      `gateway_function_invocation_total{function_name="a.ns",code="5xx"} ${MAX_CODES}`,
    ]);
  });

  it('forgets a removed function after a while, and does not begin anew with a call of it that ends then', async () => {
    const { clock, metrics, call, scrape } = setUp();
    call('a.ns', 200);
    call('b.ns', 200);
    metrics.started('a.ns');
    metrics.apply({ kind: 'removed', id: aFunction('a').id });
    expect((await scrape()).filter((line) => line.includes('a.ns'))).not.toEqual([]);
    clock.advance(KEEP_REMOVED_MS);
    metrics.ended('a.ns', 200, 1);
    expect((await scrape()).filter((line) => line.includes('a.ns'))).toEqual([]);
    expect(await scrape()).toContain('gateway_function_invocation_total{function_name="b.ns",code="200"} 1');
  });
});
