import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { describeWithPrograms } from '../describe-with';
import { GatewayProcess } from './gateway-process';

describeWithPrograms('TLS', ['openssl'], 'openssl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-tls-'));
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const env = { SHOAL_TLS_CERT: files.certificate, SHOAL_TLS_KEY: files.key };
  afterAll(() => rmSync(folder, { recursive: true }));

  function issue(name: string): void {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...args, '-keyout', files.key, '-out', files.certificate], { stdio: 'pipe' });
  }
  const trust = () => readFileSync(files.certificate);

  function ask(gateway: GatewayProcess, path: string, body: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const asked = request({ port: gateway.port, host: '127.0.0.1', path, method: 'POST', ca: trust(), agent: false, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ status: answer.statusCode!, text }));
      });
      asked.on('error', reject).end(body);
    });
  }
  function peer(gateway: GatewayProcess): Promise<PeerCertificate> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }

  it('does not wait at its end for who says nothing, before the handshake or after it, and does for a call', async () => {
    issue('first');
    const gateway = await GatewayProcess.start({ ...env, write_timeout: '90s' });
    try {
      expect((await ask(gateway, '/system/functions', JSON.stringify({ service: 'nap', image: 'nap', envProcess: 'sleep 2' }))).status).toBe(202);
      const silent = [connectPlain(gateway.port, '127.0.0.1'), connect({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })];
      await Promise.all([once(silent[0]!, 'connect'), once(silent[1]!, 'secureConnect')]);
      for (const socket of silent) socket.on('error', () => undefined);
      const running = ask(gateway, '/function/nap', '');
      // It is under way once another that came later has been answered.
      await ask(gateway, '/healthz', '');
      const ended = gateway.stop();
      expect((await running).status).toBe(200);
      expect(await ended).toBe(0);
    } finally {
      await gateway.dispose();
    }
  });

  it('serves both planes by workers', async () => {
    issue('first');
    const gateway = await GatewayProcess.start({ ...env, SHOAL_WORKERS: '2' });
    try {
      expect((await ask(gateway, '/system/functions', JSON.stringify({ service: 'echo', image: 'echo', envProcess: 'cat' }))).status).toBe(202);
      const answers = await Promise.all([1, 2, 3, 4].map((n) => ask(gateway, '/function/echo', `hello ${n}`)));
      expect(answers).toEqual([1, 2, 3, 4].map((n) => ({ status: 200, text: `hello ${n}` })));
    } finally {
      await gateway.dispose();
    }
  });

  it('serves both planes, also to who offers another protocol, and takes a new certificate without a restart', async () => {
    issue('first');
    const gateway = await GatewayProcess.start(env);
    try {
      expect(gateway.url).toMatch(/^https:/);
      const deployment = JSON.stringify({ service: 'echo', image: 'echo', envProcess: 'cat' });
      expect((await ask(gateway, '/system/functions', deployment)).status).toBe(202);
      await expect(ask(gateway, '/function/echo', 'hello')).resolves.toEqual({ status: 200, text: 'hello' });
      const offer = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' };
      await expect(ask(gateway, '/function/echo', 'still hello', offer)).resolves.toEqual({ status: 200, text: 'still hello' });
      expect((await peer(gateway)).subject.CN).toBe('first');
      const check = join(__dirname, '../../deploy/docker/healthcheck.mjs');
      const port = String(gateway.port);
      expect(execFileSync(process.execPath, [check], { env: { SHOAL_PORT: port, SHOAL_TLS_CERT: files.certificate }, encoding: 'utf8' })).toContain('answered 200');
      issue('second');
      await gateway.until(async () => (await peer(gateway)).subject.CN === 'second', 15_000);
      writeFileSync(files.key, 'no key');
      await gateway.until(() => gateway.output.includes('the certificate stays as it was'), 15_000);
      expect((await peer(gateway)).subject.CN).toBe('second');
    } finally {
      await gateway.dispose();
    }
  });

  it.each([
    ['one of the two', { SHOAL_TLS_CERT: files.certificate }, /must be given both or neither/],
    ['a file that is not there', { ...env, SHOAL_TLS_KEY: join(folder, 'none') }, /SHOAL_TLS_KEY: .*none cannot be read \(ENOENT\)/],
    ['a file that is no certificate', { ...env, SHOAL_TLS_CERT: __filename }, /cannot be used together/],
  ])('does not start with %s', async (_name, settings, message) => {
    issue('any');
    await expect(GatewayProcess.start(settings)).rejects.toThrow(message);
  });
});
