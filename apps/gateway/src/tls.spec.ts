import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { HttpServer } from '@shoal/adapters/http/http-server';
import { NodeSockets } from '@shoal/adapters/http/node-sockets';
import type { Listener } from '@shoal/adapters/http/sockets';
import { describeWithPrograms } from '../../../test/describe-with';
import { Told } from '../../../test/contracts/told';
import { tlsServerOf } from './tls';

const HALF_OPEN: object = { allowHalfOpen: true };

describeWithPrograms('tlsServerOf() on NodeSockets', ['openssl'], 'openssl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-tls-'));
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const clients: Socket[] = [];
  const all: Told[] = [];
  let listener: Listener;
  let accepted: (told: Told) => void;

  beforeAll(async () => {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=first', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...args, '-keyout', files.key, '-out', files.certificate], { stdio: 'pipe' });
    listener = await new NodeSockets(tlsServerOf(files)).listen(0, '127.0.0.1', (socket) => {
      const told = new Told(socket);
      accepted(told);
      all.push(told);
      return told;
    });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    for (const { socket } of all.splice(0)) socket.destroy();
  });
  afterAll(async () => {
    listener.close();
    // What it watches, it lets go of with the last connection.
    await new Promise(setImmediate);
    rmSync(folder, { recursive: true });
  });

  const kept = <T extends Socket>(client: T): T => {
    clients.push(client);
    return client.on('error', () => undefined);
  };
  const open = (options: ConnectionOptions = {}): TLSSocket =>
    kept(connect({ port: listener.port, host: '127.0.0.1', ca: readFileSync(files.certificate), ...HALF_OPEN, ...options }));
  const silent = (port = listener.port): Socket => kept(connectPlain(port, '127.0.0.1'));

  async function pair(options?: ConnectionOptions): Promise<[TLSSocket, Told]> {
    const next = new Promise<Told>((resolve) => (accepted = resolve));
    const client = open(options);
    await once(client, 'secureConnect');
    return [client, await next];
  }

  it('passes bytes both ways and knows the peer as one that is encrypted', async () => {
    const [client, told] = await pair();
    client.write('question');
    await told.hears('question');
    expect(told.socket.peer).toEqual({ address: '127.0.0.1', port: client.localPort, secure: true });
    told.socket.write('answer');
    expect(String((await once(client, 'data'))[0])).toBe('answer');
  });

  it('agrees to HTTP/1.1 and 1.0, and to nothing else', async () => {
    const [[client], [older]] = [await pair({ ALPNProtocols: ['h2', 'http/1.0', 'http/1.1'] }), await pair({ ALPNProtocols: ['http/1.0'] })];
    expect([client.alpnProtocol, older.alpnProtocol]).toEqual(['http/1.1', 'http/1.0']);
    const other = open({ ALPNProtocols: ['h2'] });
    const refused = await new Promise<Error>((resolve) => other.on('error', resolve));
    expect(refused.message).toContain('no application protocol');
  });

  it('goes on behind the end of one half', async () => {
    const [client, told] = await pair();
    client.end('question');
    await told.is('ended');
    told.socket.write('answer');
    told.socket.end();
    expect(String((await once(client, 'data'))[0])).toBe('answer');
    await told.is('closed');
  });

  it('resets without the message that would make it an orderly end', async () => {
    const next = new Promise<Told>((resolve) => (accepted = resolve));
    const client = execFile('openssl', ['s_client', '-quiet', '-connect', `127.0.0.1:${listener.port}`]);
    let said = '';
    client.stderr!.on('data', (text: string) => (said += text));
    client.stdout!.on('data', () => told.socket.reset());
    const told = await next;
    told.socket.write('answer');
    await once(client, 'close');
    expect(told.events).toEqual(['closed']);
    expect(said).toContain('unexpected eof');
  });

  it('takes nothing from who cannot shake hands, and disturbs nobody else', async () => {
    const [client, told] = await pair();
    const plain = silent();
    plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const left = silent();
    left.end('\x16\x03');
    const broken = silent();
    await once(broken, 'connect');
    await new Promise((resolve) => broken.write('\x16\x03\x01', resolve));
    broken.resetAndDestroy();
    await Promise.all([once(plain, 'close'), once(left, 'close')]);
    client.write('still there');
    await told.hears('still there');
  });

  it('endHandshakes() closes those that have not shaken hands, and no other', async () => {
    const waiting = [silent(), silent()];
    await Promise.all(waiting.map((one) => once(one, 'connect')));
    const [client, told] = await pair();
    const closed = Promise.all(waiting.map((one) => once(one, 'close')));
    listener.endHandshakes!();
    await closed;
    client.write('still there');
    await told.hears('still there');
  });

  it('is drained without waiting for who says nothing, before the handshake or after it, while a call ends', async () => {
    let answer: (() => void) | undefined;
    const limits = { maxHeadBytes: 8_192, headTimeoutMs: 0, requestTimeoutMs: 0, keepAliveMs: 0 };
    const server = new HttpServer(new NodeSockets(tlsServerOf(files)), limits, (exchange) => (answer = () => exchange.send(200, [], 'last')));
    const port = await server.listen(0, '127.0.0.1');
    const waiting = [silent(port), open({ port }), open({ port })] as const;
    await Promise.all([once(waiting[0], 'connect'), once(waiting[1], 'secureConnect'), once(waiting[2], 'secureConnect')]);
    const call = waiting[2];
    let answered = '';
    call.on('data', (chunk) => (answered += String(chunk)));
    call.on('end', () => call.end());
    call.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    while (!answer) await new Promise(setImmediate);
    const drained = server.drain(20_000);
    await Promise.all([once(waiting[0].resume(), 'end'), once(waiting[1].resume(), 'end')]);
    expect(answered).toBe('');
    answer();
    await drained;
    expect(answered).toMatch(/^HTTP\/1\.1 200 [^]*Connection: close[^]*last$/);
  });
});
