import { describeOnEngine } from '../swarm/describe-on-engine';
import { WatchdogContainer } from './watchdog-container';

const SECOND_NS = 1_000_000_000;
/** As strict as a container can be. */
const HARDENED = {
  User: '1000:1000',
  HostConfig: { ReadonlyRootfs: true, Tmpfs: { '/tmp': '' }, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
};

/** Leaves three processes to their fate: one in its group, one without a parent, one in a session of its own. */
const DESERTER = `
sleep 1 &
(sleep 2; :) &
setsid sleep 3 &
echo done
`;

describeOnEngine('the watchdog as the first process of a container', (engine) => {
  let watchdog: WatchdogContainer;
  afterEach(() => watchdog.remove());

  it('tells the engine of its health, on a read-only root, as an ordinary user', async () => {
    const Healthcheck = { Test: ['CMD', 'fwatchdog', '-run-healthcheck'], Interval: 0.2 * SECOND_NS, Retries: 1 };
    watchdog = await WatchdogContainer.start(engine, { fprocess: 'cat', healthcheck_interval: '10s' }, '', { ...HARDENED, Healthcheck });
    expect((await watchdog.call()).status).toBe(200);
    const health = async () => (await watchdog.state()).Health?.Status;
    await watchdog.until(async () => (await health()) === 'healthy');
    await watchdog.signal('SIGTERM');
    await watchdog.until(async () => (await health()) === 'unhealthy');
  });

  it('drains on SIGTERM: takes calls for healthcheck_interval, finishes what runs, and ends with 0', async () => {
    const env = { fprocess: 'sh /tmp/function', healthcheck_interval: '2s' };
    watchdog = await WatchdogContainer.start(engine, env, 'sleep ${Http_Path#/}; echo slept', HARDENED);
    const ended = watchdog.ended();
    const running = watchdog.call('/4');
    await watchdog.until(() => watchdog.output.includes('Forking'));
    await watchdog.signal('SIGTERM');
    await watchdog.until(async () => (await watchdog.call('/_/health')).status === 503);
    expect(await watchdog.call('/0')).toMatchObject({ status: 200, text: 'slept\n' });
    expect(await running).toMatchObject({ status: 200, text: 'slept\n' });
    expect(await ended).toBe(0);
  });

  it('leaves nothing of processes that outlive their parents', async () => {
    watchdog = await WatchdogContainer.start(engine, { fprocess: 'sh /tmp/function' }, DESERTER);
    for (let i = 0; i < 20; i++) expect(await watchdog.call()).toMatchObject({ status: 200, text: 'done\n' });
    expect((await watchdog.processes()).length).toBeGreaterThan(10);
    await watchdog.until(async () => (await watchdog.processes()).length === 1);
  });
});
