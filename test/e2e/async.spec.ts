import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeWithPrograms } from '../describe-with';
import { NatsProcess } from '../nats-process';
import { ask, open } from './ask';
import { AsyncFunction } from './async-function';
import { GatewayProcess } from './gateway-process';

interface Status {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly outcome?: { readonly status?: number; readonly code?: string; readonly message?: string };
  readonly callback?: { readonly url: string; readonly state: string; readonly attempts: number; readonly message?: string };
  readonly result?: { readonly status: number; readonly headers: Readonly<Record<string, string[]>>; readonly body?: string; readonly encoding?: string };
}

/** Notes what it is sent; answers what it is told to. */
class Receiver {
  readonly got: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  statuses: number[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        this.got.push({ url: req.url!, headers: req.headers, body: Buffer.concat(chunks).toString() });
        res.writeHead(this.statuses.shift() ?? 200, { Location: '/elsewhere' }).end();
      });
    });
  }

  async listen(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function describeAsync(name: string, startQueue: () => Promise<{ readonly env: Record<string, string>; stop(): Promise<void> }>): void {
  describe(`asynchronous calls, ${name}`, () => {
    let gateway: GatewayProcess;
    let queue: Awaited<ReturnType<typeof startQueue>>;
    let fn: AsyncFunction;
    const receiver = new Receiver();
    let receiverUrl: string;

    beforeAll(async () => {
      queue = await startQueue();
      receiverUrl = await receiver.listen();
      gateway = await GatewayProcess.start({ ...queue.env, basic_auth: 'true', SHOAL_ASYNC_MAX_BODY: '64Ki', SHOAL_CALLBACK_ALLOW: '127.0.0.1' });
      fn = await AsyncFunction.deploy(gateway, 'fn', { annotations: { 'com.openfaas.retry.min_wait': '50ms', 'com.openfaas.retry.attempts': '3' } });
    });
    afterAll(async () => {
      await gateway.dispose();
      await queue.stop();
      receiver.close();
    });

    const call = async (path = '', question: Parameters<typeof ask>[3] = {}, method = 'POST') => {
      const answer = await ask(gateway.url, method, `/async-function/fn${path}`, question);
      expect(answer).toMatchObject({ status: 202, text: '' });
      return answer.headers['x-call-id'] as string;
    };
    const look = async (id: string, query = '') => {
      const answer = await ask(gateway.url, 'GET', `/async-function/calls/${id}${query}`);
      expect(answer.status).toBe(200);
      return JSON.parse(answer.text) as Status;
    };
    const ended = (id: string) => look(id, '?wait=20s');
    const system = async (method: string, path: string) => {
      const answer = await ask(gateway.url, method, path, { headers: gateway.authorization() });
      return { status: answer.status, body: (answer.status < 300 ? JSON.parse(answer.text) : answer.text) as unknown };
    };

    it('passes method, path, query, headers and body on as they were, and keeps the answer', async () => {
      const answer = await ask(gateway.url, 'PUT', '/async-function/fn/a%2Fb?c=%20d', { body: Buffer.from([0, 1, 255]), headers: { 'X-Mine': 'a', Authorization: 'Bearer t', Connection: 'X-Hop', 'X-Hop': '1' } });
      expect(answer.status).toBe(202);
      expect(answer.headers['x-start-time']).toMatch(/^\d{19}$/);
      const id = answer.headers['x-call-id'] as string;
      expect(answer.headers.location).toBe(`/async-function/calls/${id}`);
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      const status = await ended(id);
      expect(status).toMatchObject({ id, state: 'succeeded', attempts: 1, function: 'fn.openfaas-fn', outcome: { status: 200 }, result: { status: 200, encoding: 'utf8', headers: { 'x-own': ['yes'] } } });
      const got = JSON.parse(status.result!.body!) as { method: string; url: string; headers: Record<string, string>; body: string };
      expect(got).toMatchObject({ method: 'PUT', url: '/a%2Fb?c=%20d', body: Buffer.from([0, 1, 255]).toString('base64') });
      expect(got.headers).toMatchObject({ 'x-mine': 'a', authorization: 'Bearer t', 'x-call-id': id, 'x-start-time': answer.headers['x-start-time'], 'x-forwarded-host': expect.any(String), traceparent: expect.any(String) });
      expect(got.headers['x-hop']).toBeUndefined();
      expect(got.headers['x-retry-attempt']).toBeUndefined();

      const result = await ask(gateway.url, 'GET', `/async-function/calls/${id}/result`);
      expect(result.text).toBe(status.result!.body);
      expect(result.headers).toMatchObject({ 'content-type': 'application/json', 'x-function-status': '200', 'content-disposition': 'attachment', 'x-content-type-options': 'nosniff' });
    });

    it('takes calls without a body, and of any method', async () => {
      const id = await call('/x', {}, 'GET');
      const status = await ended(id);
      expect(JSON.parse(status.result!.body!)).toMatchObject({ method: 'GET', url: '/x', body: '' });
    });

    it('refuses what it cannot take, in the way of calls', async () => {
      const refused = async (path: string, question: Parameters<typeof ask>[3], method = 'POST') => {
        const { status, headers, text } = await ask(gateway.url, method, path, question);
        return [status, headers['x-shoal-error'], (JSON.parse(text) as { message: string }).message];
      };
      expect(await refused('/async-function/nobody', {})).toEqual([404, 'function-not-found', expect.stringContaining('nobody')]);
      expect(await refused('/async-function/fn', { body: Buffer.alloc(64 * 1024 + 1) })).toEqual([413, 'body-too-large', 'the body of an asynchronous call may have 65536 bytes at most']);
      expect(await refused('/async-function/fn', { headers: { 'X-Callback-Url': 'nonsense' } })).toEqual([400, 'invalid-request', 'X-Callback-Url must be an absolute URL']);
      expect(await refused('/async-function/fn', { headers: { 'X-Callback-Url': 'http://10.0.0.1/' } })).toEqual([400, 'invalid-request', expect.stringMatching(/not a public address.*SHOAL_CALLBACK_ALLOW/)]);
      expect(await refused('/async-function/fn', { headers: { 'Idempotency-Key': 'k'.repeat(256) } })).toEqual([400, 'invalid-request', expect.stringContaining('255')]);
      expect(await refused('/async-function/', {})).toEqual([404, 'function-not-found', expect.any(String)]);
      expect((await ended(await call('', { body: Buffer.alloc(64 * 1024) }))).state).toBe('succeeded');
    });

    it('tries again with growing marks until the function succeeds, or ends in a dead letter that can be sent again', async () => {
      const good = await call('?fail=2');
      expect(await ended(good)).toMatchObject({ state: 'succeeded', attempts: 3 });
      expect(fn.repeatsOf(good)).toEqual([0, 1, 2]);
      const bad = await call('?fail=5&say=sorry');
      expect(await ended(bad)).toMatchObject({ state: 'failed', attempts: 4, outcome: { status: 500 }, result: { status: 500, body: 'sorry' } });
      expect((await system('GET', '/system/queue/dead?function=fn')).body).toEqual([expect.objectContaining({ id: bad, state: 'failed' })]);
      expect((await system('GET', `/system/queue/dead/${bad}`)).body).toMatchObject({ method: 'POST', path: '/?fail=5&say=sorry', outcome: { message: 'the function answered 500' } });
      expect(await system('POST', `/system/queue/dead/${bad}/redrive`)).toEqual({ status: 202, body: { calls: 1 } });
      expect(await ended(bad)).toMatchObject({ state: 'succeeded' });
      expect((await system('GET', '/system/queue/dead')).body).toEqual([]);
      expect((await system('POST', `/system/queue/dead/${bad}/redrive`)).status).toBe(404);
    });

    it('does not try again what will not get better, and waits as long as the function asks', async () => {
      const wrong = await call('?status=422');
      expect(await ended(wrong)).toMatchObject({ state: 'failed', attempts: 1, outcome: { status: 422 } });
      expect(await system('DELETE', `/system/queue/dead/${wrong}`)).toEqual({ status: 200, body: { calls: 1 } });
      const startedMs = Date.now();
      const later = await call('?status=503&after=1');
      await gateway.until(async () => fn.repeatsOf(later).length === 2);
      expect(Date.now() - startedMs).toBeGreaterThanOrEqual(1_000);
      expect(await look(later)).toMatchObject({ state: expect.stringMatching(/retrying|running/) });
      expect((await ask(gateway.url, 'DELETE', `/async-function/calls/${later}`)).status).toBe(202);
    });

    it('sends the outcome on, without anything of the caller, and again until it is taken', async () => {
      receiver.statuses = [500, 200];
      const id = await call('?say=hello', { headers: { 'X-Callback-Url': `${receiverUrl}/cb?x=1`, Authorization: 'Bearer secret' } });
      await gateway.until(async () => (await look(id)).callback?.state === 'delivered');
      const got = receiver.got.filter(({ headers }) => headers['x-call-id'] === id);
      expect(got.length).toBe(2);
      expect(got[1]).toMatchObject({ url: '/cb?x=1', body: 'hello', headers: { 'x-own': 'yes', 'x-function-status': '200', 'x-function-name': 'fn', 'x-duration-seconds': expect.stringMatching(/^\d+\.\d{6}$/), 'content-length': '5' } });
      expect(got[1]!.headers.authorization).toBeUndefined();
      expect(fn.begun().filter((one) => one === id).length).toBe(1);
    });

    it('does not follow redirects of a receiver, and sends failures on as well', async () => {
      receiver.statuses = [302];
      const id = await call('?status=404&say=no', { headers: { 'X-Callback-Url': `http://user:pw@${new URL(receiverUrl).host}/moved` } });
      await gateway.until(async () => (await look(id)).callback?.state === 'failed');
      expect(receiver.got.filter(({ headers }) => headers['x-call-id'] === id)).toMatchObject([{ url: '/moved', body: 'no', headers: { 'x-function-status': '404', authorization: `Basic ${Buffer.from('user:pw').toString('base64')}` } }]);
      expect((await look(id)).callback!.url).toBe(`${receiverUrl}/moved`);
      await system('DELETE', '/system/queue/dead');
    });

    it('tells why a receiver cannot be reached to the owner only', async () => {
      const id = await call('', { headers: { 'X-Callback-Url': 'http://127.0.0.1:1/' } });
      await gateway.until(async () => (await look(id)).callback!.attempts > 0);
      expect((await look(id)).callback!.message).toMatch(/^the receiver could not be reached, or must not be/);
      const path = `/async-function/calls/${id}`;
      const told = (JSON.parse((await ask(gateway.url, 'GET', path, { headers: gateway.authorization() })).text) as Status).callback!.message;
      expect(told).toContain('ECONNREFUSED');
      expect((await ask(gateway.url, 'GET', path, { headers: { Authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` } })).status).toBe(401);
    });

    it('keeps no answer that is too long, but says how it was', async () => {
      const id = await call(`?bytes=${64 * 1024 + 1}`, { headers: { 'X-Callback-Url': receiverUrl } });
      const status = await ended(id);
      expect(status).toMatchObject({ state: 'succeeded', outcome: { status: 200, code: 'body-too-large' }, result: { status: 200 } });
      expect(status.result!.body).toBeUndefined();
      expect((await ask(gateway.url, 'GET', `/async-function/calls/${id}/result`)).status).toBe(404);
      await gateway.until(() => receiver.got.some(({ headers }) => headers['x-call-id'] === id));
      expect(receiver.got.find(({ headers }) => headers['x-call-id'] === id)).toMatchObject({ body: '', headers: { 'x-function-status': '200', 'x-shoal-error': 'body-too-large' } });
    });

    it('makes one call of requests with the same key', async () => {
      const headers = { 'Idempotency-Key': 'order 66' };
      const ids = await Promise.all(Array.from({ length: 5 }, () => call('', { headers })));
      expect(new Set(ids).size).toBe(1);
      await ended(ids[0]!);
      expect(await call('', { headers })).toBe(ids[0]);
      expect(fn.begun().filter((one) => one === ids[0]).length).toBe(1);
      // A guessed key leads to nobody's call.
      expect(await call('', { headers, body: 'another' })).not.toBe(ids[0]);
      expect(await call('', { headers: { ...headers, Authorization: 'Bearer other' } })).not.toBe(ids[0]);
    });

    it("keeps a caller's own id, and shows such a call to the owner only", async () => {
      const first = await call('', { headers: { 'X-Call-Id': 'mine-1' } });
      const second = await call('', { headers: { 'X-Call-Id': 'mine-1' } });
      expect([first, second === 'mine-1']).toEqual(['mine-1', false]);
      expect((await ask(gateway.url, 'GET', '/async-function/calls/mine-1')).status).toBe(401);
      expect((await ask(gateway.url, 'DELETE', '/async-function/calls/mine-1')).status).toBe(401);
      expect((await ask(gateway.url, 'DELETE', '/async-function/mine-1')).status).toBe(404);
      expect((await ask(gateway.url, 'GET', '/async-function/calls/mine-1', { headers: gateway.authorization() })).status).toBe(200);
      // Who guesses does not learn which there are.
      expect((await ask(gateway.url, 'GET', '/async-function/calls/mine-2')).status).toBe(401);
      expect((await ask(gateway.url, 'GET', '/async-function/calls/mine-2', { headers: gateway.authorization() })).status).toBe(404);
      expect((await ask(gateway.url, 'GET', '/async-function/calls/00000000-0000-0000-0000-000000000000', { headers: { Accept: 'text/event-stream' } })).status).toBe(404);
    });

    it('cancels what runs and what waits, also in the way of existing clients', async () => {
      const running = await call('?ms=20000');
      await gateway.until(async () => fn.begun().includes(running));
      expect(await look(running)).toMatchObject({ state: 'running' });
      const answer = await ask(gateway.url, 'DELETE', `/async-function/calls/${running}`);
      expect([answer.status, (JSON.parse(answer.text) as Status).state]).toEqual([202, 'cancelled']);
      expect(await look(running)).toMatchObject({ state: 'cancelled' });
      expect((await ask(gateway.url, 'DELETE', `/async-function/calls/${running}`)).status).toBe(202);
      const other = await call('?ms=20000');
      expect((await ask(gateway.url, 'DELETE', `/async-function/${other}`)).status).toBe(202);
      expect(await look(other)).toMatchObject({ state: 'cancelled' });
      const done = await call();
      await ended(done);
      expect((await ask(gateway.url, 'DELETE', `/async-function/calls/${done}`)).status).toBe(409);
    });

    it('tells each step as an event, and ends the stream with the call', async () => {
      const id = await call('?ms=300');
      const stream = await open(gateway.url, 'GET', `/async-function/calls/${id}`, { headers: { Accept: 'text/event-stream' } });
      expect(stream.headers['content-type']).toBe('text/event-stream');
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      const events = [...text.matchAll(/^event: (\w+)\ndata: (.+)\n\n/gm)].map(([, event, data]) => [event, (JSON.parse(data!) as Status).state]);
      expect(events.at(-1)).toEqual(['succeeded', 'succeeded']);
      expect(events.every(([event, state]) => event === state)).toBe(true);
    });

    it('waits for the end only as long as it is asked to', async () => {
      const id = await call('?ms=5000');
      const startedMs = Date.now();
      expect(['queued', 'running']).toContain((await look(id, '?wait=300ms')).state);
      expect(Date.now() - startedMs).toBeGreaterThanOrEqual(290);
      expect((await ask(gateway.url, 'GET', `/async-function/calls/${id}?wait=soon`)).status).toBe(400);
      await ask(gateway.url, 'DELETE', `/async-function/calls/${id}`);
    });

    it('wakes a function that sleeps', async () => {
      await ask(gateway.url, 'POST', '/system/scale-function/fn', { body: { replicas: 0 }, headers: gateway.authorization() });
      expect(await ended(await call())).toMatchObject({ state: 'succeeded', attempts: 1 });
    });

    it('still calls a function that is named like the look-up', async () => {
      await AsyncFunction.deploy(gateway, 'calls');
      const answer = await ask(gateway.url, 'POST', '/async-function/calls/some/path');
      expect(answer.status).toBe(202);
      expect(JSON.parse((await ended(answer.headers['x-call-id'] as string)).result!.body!)).toMatchObject({ url: '/some/path' });
    });

    it('ends calls of a function that is removed', async () => {
      await AsyncFunction.deploy(gateway, 'gone', { annotations: { 'com.openfaas.retry.min_wait': '300ms' } });
      const answer = await ask(gateway.url, 'POST', '/async-function/gone?fail=9');
      const id = answer.headers['x-call-id'] as string;
      await gateway.until(async () => (await look(id)).attempts > 0);
      await ask(gateway.url, 'DELETE', '/system/functions', { body: { functionName: 'gone' }, headers: gateway.authorization() });
      expect(await ended(id)).toMatchObject({ state: 'failed', outcome: { code: 'function-not-found' } });
      expect(await system('POST', '/system/queue/dead/redrive?function=gone')).toEqual({ status: 202, body: { calls: 1 } });
      await gateway.until(async () => ((await system('GET', '/system/queue/dead?function=gone')).body as unknown[]).length === 1);
      expect(await system('DELETE', '/system/queue/dead?function=gone')).toEqual({ status: 200, body: { calls: 1 } });
    });

    it('shows depth, age and rate, to the owner and to Prometheus', async () => {
      expect((await ask(gateway.url, 'GET', '/system/queue')).status).toBe(401);
      await AsyncFunction.deploy(gateway, 'narrow', { annotations: { 'com.openfaas.async.concurrency': '1' } });
      const ids: string[] = [];
      for (let i = 0; i < 20; i++) ids.push((await ask(gateway.url, 'POST', '/async-function/narrow?ms=300')).headers['x-call-id'] as string);
      type Depth = { function: string; queued: number; unfinished: number; running: number; oldestSeconds?: number };
      let depth: Depth | undefined;
      await gateway.until(async () => {
        depth = ((await system('GET', '/system/queue')).body as Depth[]).find((one) => one.function === 'narrow.openfaas-fn');
        return depth !== undefined && depth.running === 1 && depth.queued > 0;
      });
      expect(depth).toMatchObject({ running: 1, unfinished: 1, oldestSeconds: expect.any(Number) });
      const metrics = await (await fetch(gateway.metricsUrl)).text();
      expect(metrics).toMatch(/shoal_async_accepted_total\{function_name="narrow.openfaas-fn"\} 20/);
      expect(metrics).toMatch(/shoal_async_queued\{function_name="narrow.openfaas-fn"\} \d+/);
      expect(metrics).toMatch(/shoal_async_attempts_total\{function_name="fn.openfaas-fn",result="succeeded"\} \d+/);
      for (const id of ids) await ask(gateway.url, 'DELETE', `/async-function/calls/${id}`);
    });

    it('follows schedules, wakes for them, and says when', async () => {
      const refused = await ask(gateway.url, 'POST', '/system/functions', { body: { service: 'cron', image: 'fn', annotations: { schedule: 'daily' } }, headers: gateway.authorization() });
      expect([refused.status, refused.text]).toEqual([400, expect.stringMatching(/^annotations\.schedule cannot be used/)]);
      const cron = await AsyncFunction.deploy(gateway, 'cron', { annotations: { schedule: '* * * * * *' } });
      await ask(gateway.url, 'POST', '/system/scale-function/cron', { body: { replicas: 0 }, headers: gateway.authorization() });
      await gateway.until(() => cron.ended().length >= 2);
      const state = (await system('GET', '/system/function/cron')).body as { schedule: { nextRun: string; lastRun: string; cron: string } };
      expect(state.schedule).toMatchObject({ cron: '* * * * * *', timeZone: 'UTC', missed: 'skip', nextRun: expect.stringMatching(/Z$/), lastRun: expect.stringMatching(/Z$/) });
      expect(new Set(cron.begun()).size).toBe(cron.begun().length);
      await ask(gateway.url, 'DELETE', '/system/functions', { body: { functionName: 'cron' }, headers: gateway.authorization() });
    });

    it('lets calls finish that run when it is told to end, and runs what waits when it is there again', async () => {
      const narrow = await AsyncFunction.deploy(gateway, 'narrow', { annotations: { 'com.openfaas.async.concurrency': '1' } });
      const before = narrow.begun().length;
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) ids.push((await ask(gateway.url, 'POST', '/async-function/narrow?ms=1000')).headers['x-call-id'] as string);
      await gateway.until(() => narrow.begun().length > before);
      const headers = gateway.authorization();
      expect(await gateway.stop('SIGTERM')).toBe(0);
      expect(narrow.ended().slice(-1)).toEqual([ids[0]]);
      await gateway.startAgain();
      for (const id of ids) {
        const answer = await ask(gateway.url, 'GET', `/async-function/calls/${id}?wait=20s`, { headers });
        expect(JSON.parse(answer.text)).toMatchObject({ state: 'succeeded', attempts: 1 });
      }
    });
  });
}

describeAsync('in the data directory', async () => ({ env: {}, stop: async () => undefined }));

describeWithPrograms('with NATS', ['nats-server'], 'nats-server', () => {
  describeAsync('in JetStream', async () => {
    const nats = await NatsProcess.start();
    return { env: { faas_nats_address: '127.0.0.1', faas_nats_port: String(nats.port) }, stop: () => nats.dispose() };
  });

  it('SHOAL_ROLE=worker runs calls through a gateway that has no workers', async () => {
    const nats = await NatsProcess.start();
    const env = { faas_nats_address: '127.0.0.1', faas_nats_port: String(nats.port) };
    const gateway = await GatewayProcess.start({ ...env, SHOAL_ROLE: 'gateway' });
    try {
      await AsyncFunction.deploy(gateway, 'fn');
      const { headers } = await ask(gateway.url, 'POST', '/async-function/fn/x');
      const path = `/async-function/calls/${headers['x-call-id'] as string}`;
      expect(JSON.parse((await ask(gateway.url, 'GET', `${path}?wait=500ms`)).text)).toMatchObject({ state: 'queued' });
      const worker = await GatewayProcess.start({ ...env, SHOAL_ROLE: 'worker', faas_gateway_address: '127.0.0.1', faas_gateway_port: String(gateway.port) });
      expect(JSON.parse((await ask(gateway.url, 'GET', `${path}?wait=20s`)).text)).toMatchObject({ state: 'succeeded', result: { status: 200 } });
      expect((await fetch(worker.metricsUrl.replace('/metrics', '/healthz'))).status).toBe(200);
      expect(await (await fetch(worker.metricsUrl)).text()).toMatch(/shoal_async_attempts_total\{function_name="fn.openfaas-fn",result="succeeded"\} 1/);
      expect(await worker.stop('SIGTERM')).toBe(0);
    } finally {
      await gateway.dispose();
      await nats.dispose();
    }
  });
});
