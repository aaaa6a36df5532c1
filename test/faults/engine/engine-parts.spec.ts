import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Docker from 'dockerode';
import { ask, type Answer } from '../../e2e/ask';
import { GatewayProcess } from '../../e2e/gateway-process';
import { describeOnEngine, WATCHDOG_IMAGE } from '../../swarm/describe-on-engine';
import { httpFunction } from '../../swarm/http-function';
import { failuresOf, percentileMs, SteadyLoad, type CallRecord } from '../../swarm/steady-load';
import { BadLine } from '../bad-line';
import { faultRow, howMany } from '../fault-table';

jest.setTimeout(180_000);

const PER_SECOND = 20;
const isLong = howMany({ short: 0, long: 1 }) === 1;
const FAULT_MS = howMany({ short: 3_000, long: 30_000 });
const CUT_EVERY_MS = 200;
const NOTICED_WITHIN_MS = 30_000;
const LABELS = { 'com.openfaas.scale.max': '4' };

describeOnEngine('an engine of which a part fails', ({ network, socket }) => {
  const docker = new Docker({ socketPath: socket });
  let line: BadLine;
  let gateway: GatewayProcess;
  const send = (method: string, path: string, body?: unknown): Promise<Answer> => ask(gateway.url, method, path, body === undefined ? {} : { body });

  beforeAll(async () => {
    line = await BadLine.to(socket);
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: `tcp://127.0.0.1:${line.port}`, SHOAL_NETWORK: network });
  });
  afterAll(async () => {
    for (const functionName of ['cut', 'parted', 'late']) await send('DELETE', '/system/functions', { functionName });
    await gateway.dispose();
    line.close();
  });

  it('whose events and answers break off again and again is followed all the same', async () => {
    const { service, ...deployment } = httpFunction('cut', 1, LABELS);
    await gateway.deploy(service, deployment, 30_000);
    let noticedMs = 0;
    let cuts = 0;
    const records = await underLoad('cut', async (load) => {
      const cutting = setInterval(() => {
        line.cut();
        cuts++;
      }, CUT_EVERY_MS);
      try {
        const beganMs = load.elapsedMs;
        // Somebody else does it: nobody tells the gateway.
        const found = docker.getService('cut');
        const { Spec, Version } = (await found.inspect()) as { Spec: { Mode: object }; Version: { Index: number } };
        await found.update({ ...Spec, version: Version.Index, Mode: { Replicated: { Replicas: 2 } } });
        await gateway.until(async () => (await available('cut')) === 2, NOTICED_WITHIN_MS);
        noticedMs = load.elapsedMs - beganMs;
        await gateway.until(() => load.elapsedMs > beganMs + FAULT_MS, FAULT_MS + 10_000);
      } finally {
        clearInterval(cutting);
      }
      await gateway.until(async () => (await send('GET', '/readyz')).status === 200, NOTICED_WITHIN_MS);
    });
    expect(failuresOf(records)).toEqual([]);
    expect((await send('POST', '/system/scale-function/cut', { replicas: 1 })).status).toBe(202);
    faultRow({ area: 'processes', done: `all connections of a gateway to the engine cut every ${CUT_EVERY_MS} ms, its events among them`, times: `${cuts} times, ${records.length} calls`, lost: 'nothing', seen: `all calls as ever; what somebody else changed meanwhile was there after ${Math.round(noticedMs)} ms` });
  });

  // Its engine takes some 20 s to start another.
  if (isLong) it('whose containerd is killed goes on calling, and deploying once that is back', async () => {
    const { service, ...deployment } = httpFunction('parted', 1, LABELS);
    await gateway.deploy(service, deployment, 30_000);
    let againMs = 0;
    const records = await underLoad('parted', async (load) => {
      const beganMs = load.elapsedMs;
      process.kill(containerdPid(), 'SIGKILL');
      await gateway.deploy('late', { image: WATCHDOG_IMAGE, envProcess: 'cat' }, NOTICED_WITHIN_MS);
      againMs = load.elapsedMs - beganMs;
      await gateway.until(() => load.elapsedMs > beganMs + FAULT_MS, FAULT_MS + 10_000);
    });
    expect((await send('POST', '/function/late', 'again')).text).toBe('again');
    expect(failuresOf(records)).toEqual([]);
    faultRow({ area: 'processes', done: "an engine's containerd killed (kill -9)", times: `once, ${records.length} calls`, lost: 'nothing', seen: `all calls as ever, the longest ${percentileMs(records, 1)} ms; a function that was deployed then answered after ${Math.round(againMs)} ms` });
  });

  function underLoad(name: string, work: (load: SteadyLoad) => Promise<void>): Promise<readonly CallRecord[]> {
    return SteadyLoad.during({ url: `${gateway.url}/function/${name}`, perSecond: PER_SECOND }, work);
  }

  async function available(name: string): Promise<number> {
    return (JSON.parse((await send('GET', `/system/function/${name}`)).text) as { availableReplicas: number }).availableReplicas;
  }

  /** The one that this engine has started. */
  function containerdPid(): number {
    const config = join(dirname(socket), 'exec/containerd/containerd.toml');
    const found = readdirSync('/proc').find((id) => {
      try {
        const [program, ...args] = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
        return /(^|\/)containerd$/.test(program!) && args.includes(config);
      } catch {
        return false; // It is no process, or has just ended.
      }
    });
    if (found === undefined) throw new Error(`no containerd runs with ${config}`);
    return Number(found);
  }
});
