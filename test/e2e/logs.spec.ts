import { readdirSync, readlinkSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { ask, open } from './ask';
import { GatewayProcess } from './gateway-process';

interface Line {
  readonly name: string;
  readonly namespace: string;
  readonly instance: string;
  readonly timestamp: string;
  readonly text: string;
}

describe('/system/logs', () => {
  let gateway: GatewayProcess;
  const read = async (query: string): Promise<Line[]> => linesOf((await ask(gateway.url, 'GET', `/system/logs?${query}`)).text);
  const call = (name: string) => ask(gateway.url, 'POST', `/function/${name}`, { body: 'hello' });

  beforeAll(async () => (gateway = await GatewayProcess.start()));
  afterAll(() => gateway.dispose());

  it('gives the past as newline-delimited JSON, and ends', async () => {
    await gateway.deploy('talker', { envProcess: 'cat' });
    await call('talker');
    await gateway.until(async () => (await read('name=talker')).some(({ text }) => text.includes('Wrote')));
    const { status, headers, text } = await ask(gateway.url, 'GET', '/system/logs?name=talker&follow=false');
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/x-ndjson' });
    const lines = linesOf(text);
    expect(lines.map((line) => line.text)).toEqual([expect.stringContaining('Forking fprocess'), expect.stringMatching(/Wrote 5 Bytes/)]);
    for (const line of lines) {
      expect(line).toMatchObject({ name: 'talker', namespace: 'openfaas-fn', instance: expect.stringMatching(/./) });
      expect(Date.parse(line.timestamp)).not.toBeNaN();
    }
  });

  it('tail, since and instance choose', async () => {
    await gateway.deploy('chosen', { envProcess: 'cat' });
    for (let i = 0; i < 3; i++) await call('chosen');
    await gateway.until(async () => (await read('name=chosen')).length === 6);
    const all = await read('name=chosen&tail=-1');
    expect(await read('name=chosen&tail=2')).toEqual(all.slice(-2));
    expect(await read('name=chosen&tail=0')).toEqual(all);
    expect(await read('name=chosen&tail=100')).toEqual(all);
    expect(await read(`name=chosen&since=${all[1]!.timestamp}`)).toEqual(all.filter(({ timestamp }) => timestamp > all[1]!.timestamp));
    expect(await read('name=chosen&since=2999-01-01T00:00:00%2B02:00')).toEqual([]);
    expect(await read(`name=chosen&instance=${all[0]!.instance}`)).toEqual(all);
    expect(await read('name=chosen&instance=nobody')).toEqual([]);
    expect(await read('name=nobody&name=chosen&tail=6&tail=1')).toEqual(all.slice(-1));
  });

  it('follow answers at once, brings what comes, and ends when the client leaves', async () => {
    await gateway.deploy('followed', { envProcess: 'cat' });
    await call('followed');
    await gateway.until(async () => (await read('name=followed')).some(({ text }) => text.includes('Wrote')));
    const socketsBefore = openSockets(gateway.pid);
    const streams = await Promise.all(Array.from({ length: 8 }, () => open(gateway.url, 'GET', '/system/logs?name=followed&follow=true&tail=1')));
    expect(streams.map(({ statusCode }) => statusCode)).toEqual(streams.map(() => 200));
    const forked = streams.map((stream) => lineWith(stream, 'Forking'));
    // From then on they miss nothing: of what is past they show one line.
    await Promise.all(streams.map((stream) => lineWith(stream, 'Wrote')));
    await call('followed');
    for (const line of await Promise.all(forked)) expect(line).toMatchObject({ name: 'followed' });
    expect(openSockets(gateway.pid)).toBeGreaterThanOrEqual(socketsBefore + 12);
    for (const stream of streams) stream.destroy();
    // No line comes any more that would show the gateway that its readers have gone.
    await gateway.until(() => openSockets(gateway.pid) <= socketsBefore + 4);
  });

  it.each(['1', 'true'])('follow=%s ends in time with the gateway', async (follow) => {
    const own = await GatewayProcess.start();
    await own.deploy('quiet', { envProcess: 'cat' });
    const stream = await open(own.url, 'GET', `/system/logs?name=quiet&follow=${follow}`);
    stream.resume();
    const startedMs = Date.now();
    expect(await own.stop()).toBe(0);
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    await own.dispose();
  });

  it.each([
    ['name=talker&tail=many', 422],
    ['name=talker&tail=1.5', 422],
    ['name=talker&since=yesterday', 422],
    ['name=talker&since=1', 422],
    ['name=talker&follow=maybe', 422],
    ['name=missing', 404],
    ['name=..%2F..', 404],
    ['name=talker&namespace=missing', 404],
    ['name=talker&namespace=No!', 400],
    ['', 400],
  ])('refuses ?%s with %i', async (query, status) => {
    const answer = await ask(gateway.url, 'GET', `/system/logs?${query}`);
    expect(answer.status).toBe(status);
    if (status === 422) expect(answer.text).toBe('could not parse the log request\n');
  });
});

function linesOf(text: string): Line[] {
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);
}

async function lineWith(stream: IncomingMessage, part: string): Promise<Line> {
  let text = '';
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = linesOf(text.slice(0, text.lastIndexOf('\n') + 1)).find((line) => line.text.includes(part));
      if (found) resolve(found);
    });
    stream.on('error', () => undefined);
  });
}

/** How many sockets a process has: each follower takes one from its client, and one to the function host. */
function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}
