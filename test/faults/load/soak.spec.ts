import { setInterval } from 'node:timers';
import { GatewayProcess } from '../../e2e/gateway-process';
import { faultRow, howMany } from '../fault-table';
import { allPids, procFile } from '../../processes';
import { deployLoadFunction } from './load-function';
import { offerLoad } from './offer-load';
import { SoakSamples, trendOf } from './soak-samples';
import { SoakWork } from './soak-work';

/** In the short form for seconds. */
const MINUTES = Number(process.env['SHOAL_SOAK_MINUTES'] ?? howMany({ short: 0, long: 30 }));
const SECONDS = MINUTES > 0 ? 60 * MINUTES : 12;
const SAMPLE_MS = MINUTES > 0 ? 10_000 : 1_000;
const PART_OF_PEAK = 0.7;
const CONNECTIONS = 64;
/** Within half a minute the runtime has not yet got all the memory that it works with. */
const MAY_GROW = MINUTES > 0 ? { memoryMb: 15, descriptors: 10, processes: 3, diskMb: 20 } : { memoryMb: 80, descriptors: 40, processes: 8, diskMb: 60 };
const KEEP = '30s';

jest.setTimeout(SECONDS * 1_000 + 180_000);

it('what a gateway takes of the machine stays the same, however long it works', async () => {
  const gateway = await GatewayProcess.start({
    SHOAL_WORKERS: '2',
    basic_auth: 'true',
    SHOAL_CALLBACK_ALLOW: '127.0.0.1',
    SHOAL_ASYNC_KEEP: KEEP,
    SHOAL_ASYNC_KEEP_DEAD: KEEP,
  });
  try {
    await deployLoadFunction(gateway, 'steady');
    await deployLoadFunction(gateway, 'changing');
    await gateway.deploy('failing', { envProcess: 'false' });
    const steady = { path: '/function/steady', connections: CONNECTIONS };
    const peak = await offerLoad(gateway.port, { ...steady, seconds: 3 });
    const samples = new SoakSamples(gateway, MAY_GROW);
    const work = new SoakWork(gateway);
    const timer = setInterval(() => void samples.take(), SAMPLE_MS);
    const load = offerLoad(gateway.port, { ...steady, rate: PART_OF_PEAK * peak.goodput, seconds: SECONDS });
    await work.run(load).finally(() => clearInterval(timer));
    const result = await load;

    const trends = samples.series.map((series) => ({ ...series, ...trendOf(samples.atMs.slice(-series.values.length), series.values) }));
    const lines = trends.map(({ name, unit, perHour, least, most, values }) => `${name}: ${perHour >= 0 ? '+' : ''}${perHour.toFixed(1)} ${unit}/h, ${least.toFixed(1)} to ${most.toFixed(1)} (first ${values[0]?.toFixed(1)})`);
    if (MINUTES > 0) console.log([...lines, JSON.stringify(work.done), JSON.stringify({ peak: peak.goodput, ...result })].join('\n'));
    expect(work.failures).toEqual([]);
    expect({ statuses: Object.keys(result.statuses), broken: result.broken, unanswered: result.unanswered }).toEqual({ statuses: ['200'], broken: {}, unanswered: 0 });
    expect([...work.accepted].filter((id) => !work.calledBack.has(id))).toEqual([]);
    expect(trends.filter(({ growth, mayGrow }) => !(growth <= mayGrow)).map(({ name, growth }) => `${name} grew by ${growth}`)).toEqual([]);

    await gateway.stop();
    expect(leftOf(gateway.home)).toEqual([]);
    faultRow({
      area: 'load',
      done: `${Math.round(PART_OF_PEAK * 100)} % of the peak, with deployments, updates, scaling to zero and back, removals, asynchronous calls with callbacks, calls that fail, callers that leave, logs, events, logins`,
      times: `${SECONDS} s, ${result.sent} calls, ${work.accepted.size} of them asynchronous besides`,
      lost: 'nothing',
      seen: (MINUTES > 0 ? lines.filter((line) => /resident|gateway \d+: descriptors|processes/.test(line)) : ['no slope is told of seconds']).join('; '),
    });
  } finally {
    await gateway.dispose();
  }
});

/** Processes that know the data directory from their environment. */
function leftOf(home: string): string[] {
  return allPids().filter((pid) => pid !== process.pid && procFile(pid, 'environ').includes(home)).map((pid) => procFile(pid, 'cmdline'));
}
