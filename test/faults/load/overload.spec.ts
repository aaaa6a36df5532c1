import { ask } from '../../e2e/ask';
import { GatewayProcess } from '../../e2e/gateway-process';
import { faultRow, howMany } from '../fault-table';
import { beside, type Beside } from './beside';
import { deployLoadFunction } from './load-function';
import { offerLoad, type LoadResult } from './offer-load';

const TIMES_THE_PEAK = 10;
const LEAST_OF_PEAK = 0.8;
/** Where the gateway's own processor time is short (decision 18). */
const LEAST_OF_MACHINE_PEAK = 0.5;
const PEAK_SECONDS = 2;
const SECONDS = howMany({ short: 3, long: 20 });
const CONTROL_PLANE = ['/healthz', '/system/functions', '/system/info'];
const QUIET = '/function/quiet';
/**
 * What is promised is 250 ms, and reported. Where two cores carry load, gateway, functions and whatever else the machine
 * does, a process may not run for longer than that; what waits for the flood's end takes as long as that, 3 s.
 */
const CONTROL_MS = howMany({ short: 2_000, long: 500 });
/** A call for which its function has no place is told so at once; one that waits for its turn may be refused after a second. */
const REFUSED_P50_MS = 50;
const REFUSED_P99_MS = 2_000;
/** Above what is there at rest: some 30 kB a connection, and what the runtime has not cleared away yet. */
const MEMORY_MB = 400;

jest.setTimeout(300_000);

const told = ({ looks, memoryMb }: Beside<unknown>) => `${Object.entries(looks).map(([path, { count, p99Ms, maxMs }]) => `${path} p99 ${p99Ms} ms, longest ${maxMs} ms of ${count}`).join('; ')}; ${memoryMb} MB more`;

function expectServed({ looks, memoryMb }: Beside<unknown>): void {
  for (const [path, { wrong, maxMs, count }] of Object.entries(looks)) {
    expect({ path, wrong }).toEqual({ path, wrong: [] });
    expect({ path, count, late: maxMs > CONTROL_MS ? maxMs : 0 }).toEqual({ path, count, late: 0 });
  }
  expect(memoryMb).toBeLessThan(MEMORY_MB);
}

/** Load of which too much comes is refused in part, as a rule at once. */
function expectRefused({ statuses, refusedMs }: LoadResult): void {
  expect((statuses['429'] ?? 0) + (statuses['503'] ?? 0)).toBeGreaterThan(0);
  expect(refusedMs.p50).toBeLessThan(REFUSED_P50_MS);
  expect(refusedMs.p99).toBeLessThan(REFUSED_P99_MS);
}

/** Refused with the time to come again, or served; never cut off. */
function expectOrderly({ broken, withoutRetryAfter, statuses }: LoadResult): void {
  expect({ broken, withoutRetryAfter }).toEqual({ broken: {}, withoutRetryAfter: 0 });
  expect(Object.keys(statuses).filter((status) => !['200', '429', '503'].includes(status))).toEqual([]);
}

describe.each([1, 2])('with %d processes for calls', (workers) => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_WORKERS: String(workers) });
    await deployLoadFunction(gateway, 'quiet');
  });
  afterAll(() => gateway.dispose());

  it('a function that is offered ten times what it can do does all that it can, and the rest is told at once', async () => {
    const one = { 'com.openfaas.scale.max': '1' };
    await deployLoadFunction(gateway, 'slow', { envVars: { max_inflight: '20' }, labels: one });
    await deployLoadFunction(gateway, 'growing', { envVars: { max_inflight: '2' }, labels: { 'com.openfaas.scale.type': 'capacity', 'com.openfaas.scale.target': '2', 'com.openfaas.scale.max': '3', 'com.openfaas.scale.target-proportion': '1' } });
    const slow = { path: '/function/slow?ms=100' };
    const peak = await offerLoad(gateway.port, { ...slow, connections: 20, seconds: PEAK_SECONDS });
    const all = await beside(gateway, [...CONTROL_PLANE, QUIET], async () => {
      const growing = offerLoad(gateway.port, { path: '/function/growing?ms=100', connections: 24, seconds: SECONDS });
      const later = callLater(gateway);
      const flood = await offerLoad(gateway.port, { ...slow, rate: TIMES_THE_PEAK * peak.goodput, connections: 2_000, seconds: SECONDS, graceMs: 500 });
      return { flood, growing: await growing, later: await later() };
    });
    const { flood, growing, later } = all.result;
    expectOrderly(flood);
    expectRefused(flood);
    expect(flood.goodput).toBeGreaterThan(LEAST_OF_PEAK * peak.goodput);
    expect(flood.sent).toBeGreaterThan(TIMES_THE_PEAK * 0.5 * peak.goodput * SECONDS);
    expectServed(all);
    // Its own replicas come while another function is flooded, and the decisions say why.
    const { replicas } = JSON.parse((await ask(gateway.url, 'GET', '/system/function/growing')).text) as { replicas: number };
    const { changes } = JSON.parse((await ask(gateway.url, 'GET', '/system/function/growing/scaling')).text) as { changes: unknown[] };
    expect({ statuses: Object.keys(growing.statuses), grew: replicas > 1, decided: changes.length > 0 }).toEqual({ statuses: ['200'], grew: true, decided: true });
    await gateway.until(async () => (await Promise.all(later.map(stateOf))).every((state) => state === 'succeeded'));
    // Who left while waiting has left no place taken.
    await gateway.until(async () => (await ask(gateway.url, 'GET', slow.path)).status === 200);
    faultRow({
      area: 'load',
      done: `${TIMES_THE_PEAK} times more calls than a function of 20 at a time can take; ${workers} process(es) for calls`,
      times: `${SECONDS} s, ${flood.sent} calls beside ${later.length} asynchronous ones`,
      lost: 'nothing',
      seen: `${Math.round((100 * flood.goodput) / peak.goodput)} % of the peak of ${Math.round(peak.goodput)} a second; refused in ${flood.refusedMs.p50} ms, p99 ${flood.refusedMs.p99} ms; another function went from 1 to ${replicas} replicas; ${told(all)}`,
    });
  });

  it('ten times what the machine can do leaves it doing what it can, and others their turn', async () => {
    await deployLoadFunction(gateway, 'fast', { envVars: { max_inflight: '100' }, labels: { 'com.openfaas.scale.max': '1' } });
    const fast = { path: '/function/fast', connections: 64 };
    await offerLoad(gateway.port, { ...fast, seconds: 1 });
    const peak = await offerLoad(gateway.port, { ...fast, seconds: PEAK_SECONDS });
    const all = await beside(gateway, [...CONTROL_PLANE, QUIET], () =>
      offerLoad(gateway.port, { ...fast, rate: TIMES_THE_PEAK * peak.goodput, connections: 2_000, seconds: SECONDS }),
    );
    const after = await offerLoad(gateway.port, { ...fast, seconds: PEAK_SECONDS });
    expectOrderly(all.result);
    expectServed(all);
    expect(all.result.goodput).toBeGreaterThan(LEAST_OF_MACHINE_PEAK * Math.min(peak.goodput, after.goodput));
    faultRow({
      area: 'load',
      done: `${TIMES_THE_PEAK} times more calls than the machine can do; ${workers} process(es) for calls`,
      times: `${SECONDS} s, ${all.result.sent} calls sent of ${all.result.sent + all.result.unsent}: all of 2,000 connections waited for the others`,
      lost: 'nothing',
      seen: `${Math.round((100 * all.result.goodput) / peak.goodput)} % of the peak of ${Math.round(peak.goodput)} a second; refused in ${all.result.refusedMs.p50} ms; ${told(all)}`,
    });
  });

  it('a flood that is answered on the spot keeps nothing from its turn', async () => {
    const all = await beside(gateway, [...CONTROL_PLANE, QUIET], () => offerLoad(gateway.port, { path: '/function/nobody', connections: 2_000, seconds: SECONDS }));
    const { statuses, broken, unanswered, refusedMs } = all.result;
    expect({ statuses: Object.keys(statuses), broken, unanswered }).toEqual({ statuses: ['404'], broken: {}, unanswered: 0 });
    expectServed(all);
    faultRow({
      area: 'load',
      done: `2,000 connections that ask for a function that does not exist, again and again; ${workers} process(es) for calls`,
      times: `${SECONDS} s, ${all.result.sent} calls`,
      lost: 'nothing',
      seen: `404 in ${refusedMs.p50} ms, p99 ${refusedMs.p99} ms; ${told(all)}`,
    });
  });

  async function stateOf(id: string): Promise<string> {
    return (JSON.parse((await ask(gateway.url, 'GET', `/async-function/calls/${id}`)).text) as { state: string }).state;
  }
});

/** Calls asynchronously all the while; the result ends that, and resolves with the ids. */
function callLater(gateway: GatewayProcess): () => Promise<string[]> {
  const ids: string[] = [];
  let over = false;
  const work = (async () => {
    while (!over) {
      const { status, headers, text } = await ask(gateway.url, 'POST', '/async-function/quiet', { body: 'x' });
      if (status !== 202) throw new Error(`not accepted: ${status} ${text}`);
      ids.push(String(headers['x-call-id']));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  work.catch(() => undefined);
  return async () => {
    over = true;
    await work;
    return ids;
  };
}
