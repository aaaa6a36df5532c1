import { connect } from 'node:net';
import { once } from 'node:events';
import { GatewayProcess } from './gateway-process';

/** What comes back on a connection of its own, until the other side closes it. */
async function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.write(request);
  await once(socket, 'close');
  return answer;
}

describe('an offer of another protocol that nobody takes', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await gateway.deploy('cat', { envProcess: 'cat' });
  });
  afterAll(() => gateway.dispose());

  const head = 'POST /function/cat HTTP/1.1\r\nHost: shoal\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
  // The second request asks to close, so that the exchange ends; it also shows that the connection goes on.
  const last = 'GET /function/cat HTTP/1.1\r\nHost: shoal\r\nConnection: close\r\n\r\n';

  it.each([
    ['a body of fixed length', `${head}Content-Length: 5\r\n\r\nhello${last}`],
    ['a chunked body', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${last}`],
  ])('leaves an ordinary request with %s', async (_name, request) => {
    const answer = await exchange(gateway.port, request);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhelloHTTP\/1\.1 200 OK\r\n/);
  });
});
