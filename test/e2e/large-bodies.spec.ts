import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayProcess } from './gateway-process';
import { webBundle } from './web-bundle';

const GIB = 1024 ** 3;
const CHUNK = Buffer.alloc(256 * 1024, 'x');
/** What buffers, and the garbage of a busy second, may add. */
const ALLOWED_GROWTH_KB = 120 * 1024;

const bundle = webBundle({
  '/sink': "(req, res) => { let n = 0; req.on('data', (chunk) => (n += chunk.length)).on('end', () => res.end(String(n))); }",
  '/source': `(req, res) => {
    const chunk = Buffer.alloc(${CHUNK.length}, 'x');
    let left = ${GIB / CHUNK.length};
    const more = () => { while (left-- > 0) if (!res.write(chunk)) return res.once('drain', more); res.end(); };
    more();
  }`,
});

/** The most memory that the gateway and its function host ever had, in KiB. */
function peaks(gatewayPid: number): number[] {
  const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && statusOf(pid).includes(`\nPPid:\t${gatewayPid}\n`));
  return [String(gatewayPid), ...children].map((pid) => Number(/VmHWM:\s+(\d+)/.exec(statusOf(pid))![1]));
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

function* gibibyte(): Generator<Buffer> {
  for (let sent = 0; sent < GIB; sent += CHUNK.length) yield CHUNK;
}

describe('a body of 1 GiB', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await gateway.deploy('web', { image: bundle });
    await gateway.deploy('cat', { envProcess: 'cat' });
    await fetch(`${gateway.url}/function/cat`, { method: 'POST', body: 'warm' });
  });
  afterAll(async () => {
    await gateway.dispose();
    rmSync(bundle, { recursive: true });
  });

  async function exchange(path: string, withBody: boolean): Promise<{ bytes: number; last: string }> {
    const outgoing = request(`${gateway.url}${path}`, { method: 'POST', agent: false });
    const answered = new Promise<IncomingMessage>((resolve, reject) => outgoing.on('response', resolve).on('error', reject));
    const sent = withBody ? pipeline(Readable.from(gibibyte(), { objectMode: false }), outgoing) : Promise.resolve(outgoing.end());
    let bytes = 0;
    let last = '';
    for await (const chunk of await answered) {
      bytes += (chunk as Buffer).length;
      last = String(chunk).slice(-20);
    }
    await sent;
    return { bytes, last };
  }

  it.each([
    ['goes up to an http function', '/function/web/sink', true, { last: String(GIB) }],
    ['comes down from one', '/function/web/source', false, { bytes: GIB }],
    ['goes through a classic function, both ways at a time', '/function/cat', true, { bytes: GIB }],
  ])(
    '%s in flat memory',
    async (_name, path, withBody, expected) => {
      const before = peaks(gateway.pid);
      expect(before.length).toBeGreaterThanOrEqual(2);
      await expect(exchange(path, withBody)).resolves.toMatchObject(expected);
      peaks(gateway.pid).forEach((peak, i) => expect(peak - before[i]!).toBeLessThan(ALLOWED_GROWTH_KB));
    },
    120_000,
  );
});
