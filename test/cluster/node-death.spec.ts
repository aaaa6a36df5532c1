import { Engine } from '@shoal/adapters/swarm/engine';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow } from '../faults/fault-table';
import { httpFunction } from '../swarm/http-function';
import { describeFailures, failuresOf, percentileMs, SteadyLoad, type CallRecord } from '../swarm/steady-load';
import { describeOnCluster, type TestNode } from './describe-on-cluster';
import { SwarmView } from './swarm-view';

const NAME = 'web';
const REPLICAS = 6;
const PER_SECOND = 50;
/** As long as a call may take; one that a dead machine has is given up then. */
const CALL_SECONDS = 5;
/** By then the gateway knows of a dead machine, whatever Swarm says. */
const NOTICED_MS = 2_500;
/** A replica that does not answer has calls in flight, and so gets no more of them. */
const MOST_LOST = 10;
/** How long the load goes on before something happens, and after all is well again. */
const CALM_MS = 2_000;
/** Elections take some 20 s; a machine that was away may not be reached for another 40 s, until Swarm's own gossip knows it. */
const PATIENCE_MS = 90_000;

jest.setTimeout(3 * PATIENCE_MS);

interface Outcome {
  readonly records: readonly CallRecord[];
  readonly faultAtMs: number;
  readonly wellAtMs: number;
}

describeOnCluster('a swarm of three machines', ({ nodes, network, happens }) => {
  const [first, own, third] = nodes as [TestNode, TestNode, TestNode];
  const swarm = new SwarmView(new Engine(`unix://${own.socket}`));
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const limits = { upstream_timeout: `${CALL_SECONDS}s` };
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: `unix://${own.socket}`, SHOAL_NETWORK: network, ...limits });
  });
  afterAll(() => gateway.dispose());

  beforeEach(async () => {
    await gateway.deploy(NAME, httpFunction(NAME, 0, { 'com.openfaas.scale.min': String(REPLICAS) }), PATIENCE_MS);
    const everywhere = [first, first, own, own, third, third].map(({ name }) => name).join();
    await gateway.until(async () => (await swarm.placesOf(NAME)).join() === everywhere);
  });
  afterEach(() => fetch(`${gateway.url}/system/functions`, { method: 'DELETE', body: JSON.stringify({ functionName: NAME }) }));

  const callWhile = (work: (load: SteadyLoad) => Promise<void>) => SteadyLoad.during({ url: `${gateway.url}/function/${NAME}`, perSecond: PER_SECOND }, work);
  const calm = () => new Promise<void>((resolve) => setTimeout(resolve, CALM_MS));
  // While a leader is being elected, no engine answers.
  const settled = () => gateway.until(() => swarm.isWhole().catch(() => false), PATIENCE_MS);
  const inSeconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

  /** Calls all the time: before `fault`, until everything runs without the machine that it has hit, and a while longer. */
  async function callDuring(fault: () => Promise<void>, lost: TestNode): Promise<Outcome> {
    let faultAtMs = 0;
    let wellAtMs = 0;
    const records = await callWhile(async (load) => {
      await calm();
      faultAtMs = load.elapsedMs;
      await fault();
      await gateway.until(() => allRunWithout(lost), PATIENCE_MS);
      wellAtMs = load.elapsedMs;
      await calm();
    });
    return { records, faultAtMs, wellAtMs };
  }

  async function allRunWithout({ name }: TestNode): Promise<boolean> {
    const places = await swarm.placesOf(NAME).catch((): readonly string[] => []);
    return places.length === REPLICAS && !places.includes(name) && (await availableReplicas()) === REPLICAS;
  }

  async function availableReplicas(): Promise<number> {
    const state = (await (await fetch(`${gateway.url}/system/function/${NAME}`)).json()) as { availableReplicas: number };
    return state.availableReplicas;
  }

  function report(title: string, { records, faultAtMs, wellAtMs }: Outcome): void {
    const longestMs = Math.max(...records.map(({ tookMs }) => tookMs));
    process.stdout.write(
      `${title}: at full strength again after ${inSeconds(wellAtMs - faultAtMs)}; of ${records.length} calls ${failuresOf(records).length} failed; ` +
        `p99 ${percentileMs(records, 0.99)} ms, longest ${inSeconds(longestMs)}\n`,
    );
  }

  /** Only calls may fail that a replica had which then could not be reached, as the fault began, and only until the gateway knows of that. */
  function expectOnlyLost({ records, faultAtMs }: Pick<Outcome, 'records' | 'faultAtMs'>, knownAtMs: number): void {
    const failures = failuresOf(records);
    const wasLost = ({ atMs, body }: CallRecord) => atMs > faultAtMs - CALL_SECONDS * 1_000 && atMs < knownAtMs && /"code":"(upstream-timeout|replica-failed)"/.test(body);
    expect(describeFailures(failures.filter((failure) => !wasLost(failure)), faultAtMs)).toEqual([]);
    expect(failures.length > MOST_LOST ? describeFailures(failures, faultAtMs) : []).toEqual([]);
  }

  it('spreads a function over all of them, and calls all of its replicas', async () => {
    const records = await callWhile(calm);
    expect(failuresOf(records)).toEqual([]);
    expect(new Set(records.map(({ body }) => body))).toEqual(new Set(nodes.map(({ name }) => `0 on ${name}`)));
  });

  async function survivesDeathOf(node: TestNode, title: string): Promise<void> {
    try {
      const outcome = await callDuring(() => happens('kill', node), node);
      report(title, outcome);
      expectOnlyLost(outcome, outcome.faultAtMs + NOTICED_MS);
    } finally {
      // Also for those that come after this one.
      await happens('up', node);
      await settled();
    }
  }

  it('goes on when one of them dies', () => survivesDeathOf(third, 'A machine died'));

  it('goes on when the leader dies', async () => {
    expect(await swarm.leader()).toBe(first.name);
    await survivesDeathOf(first, 'The leader died');
  });

  it('goes on when the engine of one of them is killed, and started again', async () => {
    let [faultAtMs, wellAtMs] = [0, 0];
    const records = await callWhile(async (load) => {
      await calm();
      faultAtMs = load.elapsedMs;
      await happens('crash', third);
      // What it had has gone with it, or goes as it comes back.
      await gateway.until(async () => (await availableReplicas()) < REPLICAS, PATIENCE_MS);
      await settled();
      await gateway.until(async () => (await swarm.placesOf(NAME).catch(() => [])).length === REPLICAS && (await availableReplicas()) === REPLICAS, PATIENCE_MS);
      wellAtMs = load.elapsedMs;
      await calm();
    });
    const outcome = { records, faultAtMs, wellAtMs };
    report('An engine was killed', outcome);
    expectOnlyLost(outcome, wellAtMs);
    faultRow({ area: 'processes', done: 'dockerd killed (kill -9) on one machine of three, and started again, while a gateway on Swarm has 50 calls a second', times: `once, ${records.length} calls`, lost: `${failuresOf(records).length} calls`, seen: `at full strength again after ${inSeconds(wellAtMs - faultAtMs)}, the longest call ${percentileMs(records, 1)} ms` });
  });

  it('goes on when one of them loses its network, and when it has it back', async () => {
    // Of a leader that merely falls silent, Swarm's own agents learn only after a minute.
    const lost = (await swarm.leader()) === first.name ? third : first;
    const outcome = await callDuring(() => happens('cut', lost), lost);
    report('A machine lost its network', outcome);
    expectOnlyLost(outcome, outcome.faultAtMs + NOTICED_MS);

    // When Swarm gives it something to do again is Swarm's affair, and takes up to a minute.
    const records = await callWhile(async () => {
      await happens('heal', lost);
      await settled();
      await calm();
    });
    // It tells the others at first that theirs are gone, as it saw them go: Swarm's network then loses some for a while.
    expectOnlyLost({ records, faultAtMs: 0 }, Infinity);
  });
});
