import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describeWithPrograms } from '../describe-with';
import { useProxy, type Places } from './running-proxy';

const folder = join(__dirname, '../../deploy/swarm');
const PASSWORD = 'open sesame';

/** Replaces `old`, which has to be there. */
function put(text: string, old: string | RegExp, replacement: string): string {
  const changed = text.replace(old, replacement);
  if (changed === text) throw new Error(`there is no ${String(old)}`);
  return changed;
}

interface Setup extends Places {
  /** Whether functions are behind a password, as the comments in the file say how to. */
  readonly guarded: boolean;
}

/** Writes the file as it is shipped, but for the places of things on this machine. Returns the command that serves it. */
function prepareNginx({ home, port, gatewayPort, httpPort, guarded }: Setup): string[] {
  const key = ['-keyout', join(home, 'tls-key'), '-out', join(home, 'tls-certificate')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', ...key], { stdio: 'pipe' });
  const hash = execFileSync('openssl', ['passwd', '-apr1', '-stdin'], { input: PASSWORD, encoding: 'utf8' }).trim();
  writeFileSync(join(home, 'functions-htpasswd'), `caller:${hash}\n`, { mode: 0o644 });
  let text = readFileSync(join(folder, 'nginx.conf'), 'utf8');
  text = put(text, 'listen 80;', `listen 127.0.0.1:${httpPort};`);
  text = put(text, 'listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`);
  text = put(text, 'set $gateway tasks.gateway;', 'set $gateway 127.0.0.1;');
  text = put(text, 'http://$gateway:8080;', `http://$gateway:${gatewayPort};`);
  text = put(text, / \/(tmp|run\/secrets)\//g, ` ${home}/`);
  if (guarded) text = put(text, "# '~^", "'~^");
  writeFileSync(join(home, 'nginx.conf'), text);
  return ['nginx', '-c', join(home, 'nginx.conf'), '-p', home, '-g', 'daemon off; user root;'];
}

function prepareCaddy({ home, port, gatewayPort, httpPort, guarded }: Setup): string[] {
  let text = readFileSync(join(folder, 'Caddyfile'), 'utf8');
  text = put(text, '{$SHOAL_DOMAIN:localhost}', 'localhost');
  text = put(text, 'admin off', `admin off\n\thttp_port ${httpPort}\n\thttps_port ${port}\n\tskip_install_trust`);
  text = put(text, 'name tasks.gateway', 'name localhost');
  text = put(text, 'port 8080', `port ${gatewayPort}`);
  if (guarded) {
    const hash = execFileSync('caddy', ['hash-password', '--plaintext', PASSWORD], { encoding: 'utf8' }).trim();
    text = put(text, /# (@functions vars_regexp|basic_auth @functions|\tcaller|\}|request_header)/g, '$1');
    text = put(text, '$2a$14$...', hash.replaceAll('$', '$$$$'));
    // Its name before Caddy 2.8.
    if (/^v?2\.[0-7]\./.test(execFileSync('caddy', ['version'], { encoding: 'utf8' }))) text = put(text, 'basic_auth', 'basicauth');
  }
  writeFileSync(join(home, 'Caddyfile'), text);
  return ['env', `HOME=${home}`, 'caddy', 'run', '--config', join(home, 'Caddyfile'), '--adapter', 'caddyfile'];
}

const proxies = [
  ['nginx.conf', ['nginx', 'openssl'], 'nginx-light openssl', prepareNginx],
  ['Caddyfile', ['caddy'], 'caddy', prepareCaddy],
] as const;

describe.each(proxies)('deploy/swarm/%s', (_file, programs, packages, prepare) => {
  describeWithPrograms('as it is', programs, packages, () => {
    const proxy = useProxy((setup) => prepare({ ...setup, guarded: false }));

    it('passes the path, the query, headers and body on as they are', async () => {
      const answer = await proxy.ask('POST', '/function/a/%2e%2E//b%2Fc?d=%20&e', { authorization: 'Bearer x', x_under_score: '1' }, 'body');
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toMatchObject({
        method: 'POST',
        url: '/function/a/%2e%2E//b%2Fc?d=%20&e',
        body: 'body',
        headers: { authorization: 'Bearer x', x_under_score: '1', host: `localhost:${proxy.port}`, 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' },
      });
    });

    it('passes a streamed answer on while it comes', async () => {
      const answer = await proxy.open('GET', '/stream');
      const [first] = (await once(answer, 'data')) as [Buffer];
      expect(first.toString()).toBe('first');
      proxy.release(); // Only now is there a second part.
      const [second] = (await once(answer, 'data')) as [Buffer];
      expect(second.toString()).toBe('second');
    });

    it('passes a streamed request on while it comes', async () => {
      const sent = proxy.request('POST', '/upload');
      sent.write('first');
      await proxy.until(() => proxy.uploaded === 'first');
      sent.end('second');
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      await proxy.until(() => proxy.uploaded === 'firstsecond');
    });

    it('passes an upgraded connection on, both ways', async () => {
      const socket = await proxy.upgrade('/function/chat');
      socket.write('ping');
      await proxy.until(() => socket.received.endsWith('\r\n\r\nping'));
      expect(socket.received).toMatch(/^HTTP\/1\.1 101 /);
      socket.destroy();
    });

    it('takes a body of any size', async () => {
      const answer = await proxy.ask('POST', '/function/a', {}, 'x'.repeat(3_000_000));
      expect((JSON.parse(answer.text) as { body: string }).body).toHaveLength(3_000_000);
    });

    it('sends those who come without TLS to where it is', async () => {
      const answer = await fetch(`http://localhost:${proxy.httpPort}/ui/?a`, { redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).toEqual([308, expect.stringMatching(/^https:\/\/localhost.*\/ui\/\?a$/)]);
    });
  });

  describeWithPrograms('with a password for functions', programs, packages, () => {
    const proxy = useProxy((setup) => prepare({ ...setup, guarded: true }));
    const signedIn = { authorization: `Basic ${Buffer.from(`caller:${PASSWORD}`).toString('base64')}` };

    it.each([
      ['POST', '/function/a'],
      ['GET', '/function/a?b'],
      ['POST', '/async-function/a'],
      ['POST', '/'],
      ['POST', '/?a'],
      // The gateway takes a path as it comes: for it, this one is a call of `a`.
      ['GET', '/function/a/../../system/info'],
      ['GET', '/function/a/%2e%2e/%2e%2e/healthz'],
    ])('asks for it before %s %s', async (method, path) => {
      expect((await proxy.ask(method, path)).status).toBe(401);
    });

    it('does not show it to the function', async () => {
      const answer = await proxy.ask('POST', '/function/a', signedIn);
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain('authorization');
    });

    it.each(['/system/functions', '/healthz', '/ui/'])('leaves %s to the gateway', async (path) => {
      const answer = await proxy.ask('GET', path, { authorization: 'Basic YTpi' });
      expect(JSON.parse(answer.text)).toMatchObject({ url: path, headers: { authorization: 'Basic YTpi' } });
    });
  });
});
