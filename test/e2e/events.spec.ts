import type { IncomingMessage } from 'node:http';
import { ask, open } from './ask';
import { GatewayProcess } from './gateway-process';

interface Summary {
  readonly key: string;
  readonly state: string;
  readonly replicas: number;
  readonly availableReplicas: number;
  readonly invocationCount: number;
  readonly because?: string;
  readonly errorRate?: number;
  readonly dead?: number;
}

interface Point {
  readonly at: string;
  readonly statuses: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx', number>>;
  readonly p95Ms?: number;
  readonly inFlight: number;
}

/** Follows `/system/events` as the portal does. */
class Watcher {
  readonly events: { readonly name: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  readonly functions = new Map<string, Summary>();
  ended = false;
  private text = '';

  constructor(readonly stream: IncomingMessage) {
    stream.setEncoding('utf8').on('data', (chunk: string) => this.read(chunk));
    stream.on('end', () => (this.ended = true)).on('error', () => undefined);
  }

  get platform() {
    return this.events.filter(({ name }) => name === 'platform').at(-1)?.data;
  }

  private read(chunk: string): void {
    const blocks = (this.text + chunk).split('\n\n');
    this.text = blocks.pop()!;
    for (const block of blocks) {
      const [, name, json] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name === undefined) continue;
      const data = JSON.parse(json!) as { functions?: Summary[]; changed?: Summary[]; removed?: string[] };
      this.events.push({ name, data });
      if (name === 'functions') this.functions.clear();
      for (const summary of [...(data.changed ?? []), ...(name === 'functions' ? data.functions! : [])]) this.functions.set(summary.key, summary);
      for (const key of data.removed ?? []) this.functions.delete(key);
    }
  }
}

describe('what is live', () => {
  let gateway: GatewayProcess;
  let headers: Record<string, string>;
  const send = (method: string, path: string, body?: object) => ask(gateway.url, method, path, { headers, ...(body ? { body } : {}) });
  const streams: IncomingMessage[] = [];
  const openStream = async () => {
    const stream = await open(gateway.url, 'GET', '/system/events', { headers });
    streams.push(stream);
    return stream;
  };
  const watch = async () => new Watcher(await openStream());
  const statistics = async (name: string) => JSON.parse((await send('GET', `/system/function/${name}/statistics`)).text) as { stepSeconds: number; points: Point[]; replicas: { at: string; wanted: number; ready: number }[] };

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    headers = gateway.authorization();
    await gateway.deploy('first', { envProcess: 'cat' });
    await send('POST', '/system/namespace/other', { name: 'other', labels: { openfaas: '1' } });
    await send('POST', '/system/functions', { service: 'first', namespace: 'other', image: 'first', envProcess: 'cat' });
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.destroy();
  });
  afterAll(() => gateway.dispose());

  describe('/system/events', () => {
    it('begins with all functions of all namespaces, and the platform', async () => {
      const watcher = await watch();
      expect([watcher.stream.statusCode, watcher.stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
      await gateway.until(() => watcher.events.length >= 2);
      expect(watcher.events.slice(0, 2).map(({ name }) => name)).toEqual(['functions', 'platform']);
      expect([...watcher.functions.keys()].sort()).toEqual(['first.openfaas-fn', 'first.other']);
      expect(watcher.functions.get('first.openfaas-fn')).toEqual({
        key: 'first.openfaas-fn',
        name: 'first',
        namespace: 'openfaas-fn',
        image: 'first',
        state: 'ready',
        replicas: 1,
        availableReplicas: 1,
        invocationCount: 0,
        callsPerSecond: 0,
        inFlight: 0,
        waiting: 0,
        createdAt: expect.stringMatching(/^\d{4}-/),
      });
      expect(watcher.platform).toMatchObject({ ready: true, provider: 'local', version: expect.any(String), namespace: 'openfaas-fn', functions: 2, callsPerSecond: 0, inFlight: 0, startedAt: expect.stringMatching(/Z$/) });
      await gateway.until(() => watcher.platform!['queue'] !== undefined);
      expect(watcher.platform!['queue']).toEqual({ queued: 0, running: 0, dead: 0 });
    });

    it('shows what is deployed, called, scaled, failing and removed, and only that', async () => {
      const watcher = await watch();
      const seen = () => watcher.functions.get('moving.openfaas-fn');
      await gateway.deploy('moving', { envProcess: 'cat', annotations: { schedule: '0 0 1 1 *' } });
      await gateway.until(() => seen()?.state === 'ready');
      await ask(gateway.url, 'POST', '/function/moving', { body: 'hello' });
      await gateway.until(() => seen()!.invocationCount === 1);
      expect(seen()).toMatchObject({ callsPerSecond: expect.any(Number), errorRate: 0, p95Ms: expect.any(Number), lastCallAt: expect.stringMatching(/Z$/), schedule: '0 0 1 1 *' });
      await send('POST', '/system/scale-function/moving', { replicas: 3 });
      await gateway.until(() => seen()!.availableReplicas === 3);
      await send('POST', '/system/scale-function/moving', { replicas: 0 });
      await gateway.until(() => seen()!.state === 'asleep');
      await send('POST', '/system/functions', { service: 'broken', image: 'broken', envProcess: 'false', envVars: { mode: 'http' } });
      await gateway.until(() => watcher.functions.get('broken.openfaas-fn')?.state === 'failing');
      expect(watcher.functions.get('broken.openfaas-fn')!.because).toMatch(/exited with code 1/);
      for (const functionName of ['moving', 'broken']) await send('DELETE', '/system/functions', { functionName });
      await gateway.until(() => watcher.functions.size === 2);
      const told = watcher.events.filter(({ name }) => name === 'changes').flatMap(({ data }) => (data['changed'] as Summary[]).map(({ key }) => key));
      expect(new Set(told)).toEqual(new Set(['moving.openfaas-fn', 'broken.openfaas-fn']));
      expect(watcher.events.filter(({ name }) => name === 'functions')).toHaveLength(1);
    });

    it('counts dead letters', async () => {
      const watcher = await watch();
      await gateway.deploy('failer', { envProcess: 'false', annotations: { 'com.openfaas.retry.attempts': '1' } });
      await send('POST', '/async-function/failer');
      await gateway.until(() => watcher.functions.get('failer.openfaas-fn')?.dead === 1);
      await gateway.until(() => (watcher.platform!['queue'] as { dead: number }).dead === 1);
      expect(watcher.functions.get('failer.openfaas-fn')).toMatchObject({ errorRate: 1 });
    });

    it('asks for credentials, and answers HEAD without a stream', async () => {
      expect((await ask(gateway.url, 'GET', '/system/events')).status).toBe(401);
      expect((await send('HEAD', '/system/events')).status).toBe(200);
    });

    it('refuses more streams than it can look after, until one has left', async () => {
      // Those of the tests before leave when the gateway hears of it.
      const room = async () => (await openStream()).statusCode === 200;
      await gateway.until(async () => !(await room()));
      const refused = await send('GET', '/system/events');
      expect([refused.status, refused.headers['retry-after'], refused.text]).toEqual([429, '5', expect.stringMatching(/^64 streams of events are open already/)]);
      streams[0]!.destroy();
      await gateway.until(room);
    });
  });

  describe('/system/function/NAME/statistics', () => {
    it('has calls that succeed, fail and take too long, by status, and how long they took', async () => {
      await gateway.deploy('mixed', { envProcess: 'sh', envVars: { exec_timeout: '200ms' } });
      const call = async (script: string) => (await ask(gateway.url, 'POST', '/function/mixed', { body: script })).status;
      expect([await call('echo fine'), await call('exit 1'), await call('sleep 5')]).toEqual([200, 500, 408]);
      const { stepSeconds, points } = await statistics('mixed');
      const sum = (of: keyof Point['statuses']) => points.reduce((total, { statuses }) => total + statuses[of], 0);
      expect([stepSeconds, sum('2xx'), sum('3xx'), sum('4xx'), sum('5xx')]).toEqual([5, 1, 0, 1, 1]);
      expect(Math.max(...points.map(({ p95Ms = 0 }) => p95Ms))).toBeGreaterThan(180);
      for (const { at, inFlight } of points) expect([Date.parse(at) % 1_000, inFlight]).toEqual([0, 1]);
    });

    it('has the changes of replicas', async () => {
      await gateway.deploy('stepped', { envProcess: 'cat' });
      await send('POST', '/system/scale-function/stepped', { replicas: 2 });
      await gateway.until(async () => (await statistics('stepped')).replicas.at(-1)?.ready === 2);
      const { points, replicas } = await statistics('stepped');
      expect(points).toEqual([]);
      expect(replicas[0]).toMatchObject({ wanted: 1, ready: 0 });
      expect(replicas).toEqual(expect.arrayContaining([expect.objectContaining({ wanted: 1, ready: 1 }), expect.objectContaining({ wanted: 2, ready: 2 })]));
    });

    it.each([
      ['nobody/statistics', 404],
      ['first/statistics?namespace=missing', 404],
      ['first/statistics?namespace=No!', 400],
      ['first.other/statistics', 200],
      ['first/statistics?namespace=other', 200],
    ])('answers %s with %i', async (path, status) => {
      expect((await send('GET', `/system/function/${path}`)).status).toBe(status);
    });
  });

  it('a stream of events ends in time with the gateway', async () => {
    // Those who have just left are noticed within a second; until then there may be too many.
    let watcher = await watch();
    await gateway.until(async () => watcher.stream.statusCode === 200 || (watcher = await watch()).stream.statusCode === 200);
    await gateway.until(() => watcher.events.length >= 2);
    const startedMs = Date.now();
    expect(await gateway.stop()).toBe(0);
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    expect(watcher.ended).toBe(true);
  });
});
