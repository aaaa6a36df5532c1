import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow } from './fault-table';
import { inParallel } from './raw-request';

jest.setTimeout(240_000);

/** Ways to write 127.0.0.1 and others that are nobody's to reach from outside. */
const LITERALS = ['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '017700000001', '0x7f.0.0.1', '0177.0.0.1', '0x7f.1', '127.255.255.254', '0.0.0.0', '0', '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:0:127.0.0.1]', '[::127.0.0.1]', '[::7f00:1]', '[64:ff9b::127.0.0.1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[fe80::1]', '[fc00::1]', '[fec0::1]', '[ff02::1]', '[4000::1]', '127。0。0。1', '①②⑦.⓪.⓪.①', '127%2e0%2e0%2e1', '%31%32%37.0.0.1', '169.254.169.254', '2852039166', '10.0.0.1', '192.168.0.1', '172.16.0.1', '100.64.0.1', '198.18.0.1', '192.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'];
/** Names that every machine has for itself, and ways to write them; no others, as those would be asked of its name server. */
const NAMES = ['localhost', 'LOCALHOST', 'localhost.', 'LocalHost.', '%6cocalhost', 'ⓛocalhost', 'x@localhost', 'evil.invalid@localhost', 'evil.invalid:80@localhost', 'evil.invalid%40localhost', 'localhost%23.evil.invalid', 'localhost\\@evil.invalid', 'localhost#@evil.invalid', ...namesOfHosts().filter((name) => name.startsWith('ip6-'))];

/** Of this machine, in /etc/hosts. */
function namesOfHosts(): readonly string[] {
  return readFileSync('/etc/hosts', 'utf8').split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
}

const isAddress = (url: string): boolean => URL.canParse(url) && /^(\[|[\d.]+$)/.test(new URL(url).hostname) && /^[\x20-\x7e]*$/.test(url);

describe('callbacks', () => {
  let gateway: GatewayProcess;
  /** Also the one that callbacks may reach: it leads on to where they must not. */
  let allowed: Server;
  let forbidden: Server;
  const reached: string[] = [];
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  const other = Object.values(networkInterfaces()).flat().find((one) => one && !one.internal && one.family === 'IPv4')?.address;

  beforeAll(async () => {
    forbidden = createServer((req, res) => {
      reached.push(`${req.headers.host}${req.url}`);
      res.end();
    });
    await once(forbidden.listen(0, '::'), 'listening');
    allowed = createServer((req, res) => {
      reached.push(`allowed ${req.url}`);
      const status = Number(/\d{3}/.exec(req.url!)?.[0] ?? 200);
      res.writeHead(status, { Location: `http://127.0.0.1:${portOf(forbidden)}/redirected`, Refresh: `0;url=http://127.0.0.1:${portOf(forbidden)}/refreshed` }).end();
    });
    await once(allowed.listen(0, '127.9.9.9'), 'listening');
    gateway = await GatewayProcess.start({ basic_auth: 'true', SHOAL_CALLBACK_ALLOW: '127.9.9.9' });
    await gateway.deploy('fn', { envProcess: 'cat', annotations: { 'com.openfaas.retry.attempts': '1', 'com.openfaas.retry.min_wait': '10ms' } });
  });
  afterAll(async () => {
    await gateway.dispose();
    for (const server of [allowed, forbidden]) {
      server.close();
      server.closeAllConnections();
    }
  });

  const accept = (url: string) => ask(gateway.url, 'POST', '/async-function/fn', { body: 'x', headers: { 'X-Callback-Url': url } });
  /** How the callback of an accepted call stands when it was tried. One whose name nobody knows is tried again for long. */
  async function outcomeOf(id: string): Promise<{ readonly state: string }> {
    let callback: { readonly state: string; readonly attempts: number } | undefined;
    await gateway.until(async () => {
      ({ callback } = JSON.parse((await ask(gateway.url, 'GET', `/async-function/calls/${id}?wait=5s`, { headers: gateway.authorization() })).text) as { callback?: { readonly state: string; readonly attempts: number } });
      return callback !== undefined && (callback.state !== 'pending' || callback.attempts > 0);
    });
    return callback!;
  }

  it('do not reach this machine or its neighbours, however their address is written', async () => {
    const hosts = [...LITERALS, ...NAMES, ...(other === undefined || /^(?!10\.|172\.|192\.168)/.test(other) ? [] : [other])];
    const urls = hosts.flatMap((host) => [`http://${host}:${portOf(forbidden)}/x`, ...(host.includes('[') ? [] : [`http://${host}:${portOf(forbidden)}?x`])]);
    const odd = ['file:///etc/passwd', 'ftp://127.0.0.1/', 'gopher://127.0.0.1:70/_x', 'http:127.0.0.1', 'http:/127.0.0.1', 'http:\\\\127.0.0.1', '//127.0.0.1/', 'http://', 'unix:///var/run/docker.sock', 'http+unix://%2fvar%2frun%2fdocker.sock/', 'data:,x', 'dict://127.0.0.1:11211/', 'jar:http://127.0.0.1!/'];
    const later: string[] = [];
    let refused = 0;
    await inParallel([...urls, ...odd], 4, async (url) => {
      // Node's client sends header values in Latin-1 only.
      const { status, headers } = await accept(Buffer.from(url).toString('latin1'));
      if (status === 202) later.push(headers['x-call-id'] as string);
      else refused++;
      // An address is known for what it is without asking anybody.
      expect({ url, status }).toEqual({ url, status: isAddress(url) ? 400 : expect.any(Number) });
      expect([202, 400]).toContain(status);
    });
    expect(refused).toBeGreaterThan(LITERALS.length);
    await inParallel(later, 8, async (id) => {
      expect((await outcomeOf(id)).state).not.toBe('delivered');
    });
    expect(reached).toEqual([]);
    faultRow({ area: 'access', done: 'callbacks to this machine and its neighbours, by numbers, names and schemes of all kinds', times: `${urls.length + odd.length} URLs`, lost: 'nothing', seen: `${refused} refused at once (400), ${later.length} when connecting` });
  });

  it('follow nobody who leads them there', async () => {
    for (const status of [200, 301, 302, 303, 307, 308]) {
      const { headers } = await accept(`http://127.9.9.9:${portOf(allowed)}/${status}`);
      await outcomeOf(headers['x-call-id'] as string);
    }
    expect(reached.filter((one) => !one.startsWith('allowed'))).toEqual([]);
    expect(reached.length).toBeGreaterThanOrEqual(6);
  });

  it('tell the owner only why one could not be reached', async () => {
    const { headers } = await accept(`http://localhost:${portOf(forbidden)}/secret-place`);
    const id = headers['x-call-id'] as string;
    await outcomeOf(id);
    const shown = (headers: Readonly<Record<string, string>>) => ask(gateway.url, 'GET', `/async-function/calls/${id}`, { headers });
    expect((await shown({})).text).not.toMatch(/loopback|127\.0\.0\.1|::1|public address/);
    expect((await shown(gateway.authorization())).text).toMatch(/not a public address/);
  });
});
