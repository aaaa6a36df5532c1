import { RawClient } from '../contracts/raw-client';
import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { childrenOf, ownMemoryBytes } from '../processes';
import { faultRow } from './fault-table';
import { RawUpstream } from './raw-upstream';
import { headerOf } from './strict-answers';
import { talk } from './talk';

const MEGABYTE = 1024 * 1024;
/** Of a request's head, as it is documented. */
const MAX_HEAD_BYTES = MEGABYTE;
/** The 64 MiB that long heads may take in each process, and what the runtime has not cleared away yet. Unbounded, it would be more than all that is sent. */
const mostGrownBytes = (processes: number) => (processes * 64 + 200) * MEGABYTE;
const MARK = 'reflected-by-nobody';

describe.each([1, 2])('a head that is a bomb, sent to a gateway of %i process(es)', (workers) => {
  let gateway: GatewayProcess;
  let upstream: RawUpstream;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_WORKERS: String(workers) });
    upstream = await RawUpstream.start();
    await upstream.deploy(gateway, 'fn');
  });
  afterAll(async () => {
    await gateway.dispose();
    upstream.stop();
  });

  const head = (path: string, lines: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`;
  const long = (bytes: number) => `X-A: ${MARK}${'a'.repeat(bytes)}\r\n`;
  const bombs: readonly (readonly [title: string, lines: string, status: number])[] = [
    ['one header of 2 MiB', long(2 * MEGABYTE), 431],
    ['a name of 2 MiB', `X-${MARK}${'a'.repeat(2 * MEGABYTE)}: b\r\n`, 431],
    ['forty headers of 30 KiB', long(30 * 1024).repeat(40), 431],
    ['20,000 headers', `X-A: ${MARK}\r\n`.repeat(20_000), 431],
    ['2,100 headers without a value', `${MARK}:\r\n`.repeat(2_100), 431],
    ['cookies of 2 MiB', `Cookie: ${`${MARK}=a; `.repeat(100_000)}\r\n`, 431],
    ['a folded header of 500 KiB', `X-A: ${MARK}\r\n ${'a'.repeat(500 * 1024)}\r\n`, 400],
    ['a line without a colon of 500 KiB', `${MARK}${'a'.repeat(500 * 1024)}\r\n`, 400],
  ];
  const paths = ['/function/fn', '/async-function/fn', '/system/functions', '/healthz', '/ui/', '/'];

  it('is refused, and nothing of it said again', async () => {
    for (const path of paths) {
      for (const [title, lines, status] of bombs) {
        const { answers, received } = await talk(gateway.port, [head(path, lines)]);
        const at = { path, title };
        expect({ ...at, statuses: answers.map((answer) => answer.status), code: answers.map((answer) => headerOf(answer, 'x-shoal-error')) }).toEqual({ ...at, statuses: [status], code: [status === 431 ? 'headers-too-large' : 'invalid-request'] });
        expect(received).not.toContain(MARK);
        expect(received.length).toBeLessThan(1_000);
      }
    }
    for (const path of ['/function/fn/', '/async-function/fn/', '/system/function/', '/', '/ui/', '/docs?']) {
      const { answers, received } = await talk(gateway.port, [head(`${path}${MARK}${'a'.repeat(100_000)}`, '')]);
      expect({ path, statuses: answers.map(({ status }) => status) }).toEqual({ path, statuses: [path === '/' || path === '/ui/' || path === '/docs?' ? expect.any(Number) : 414] });
      expect(answers.every(({ status }) => status < 500)).toBe(true);
      expect(received).not.toContain(MARK);
    }
    const { answers } = await talk(gateway.port, [head('/function/fn', 'Transfer-Encoding: chunked\r\n', 'POST'), `0\r\n${`X-A: ${MARK}\r\n`.repeat(3_000)}\r\n`]);
    expect(answers.map(({ status }) => status)).toEqual([431]);
    faultRow({ area: 'protocol', done: `heads of 2 MiB, of thousands of lines, targets of 100 kB; ${workers} process(es)`, times: `${paths.length * bombs.length + 7} requests`, lost: 'nothing', seen: '431, 414 or 400 with X-Shoal-Error, and nothing of what was sent' });
  });

  it('reaches its function whole as long as it is within the limit', async () => {
    const lines = long(MAX_HEAD_BYTES - 2_000);
    // Too long to be said again in the answer's head.
    const measuring = await RawUpstream.start((side) => ({ request: ({ headers }) => side.write(`HTTP/1.1 200 OK\r\nX-Length: ${headers.find(([name]) => name === 'x-a')![1].length}\r\nContent-Length: 0\r\n\r\n`) }));
    await measuring.deploy(gateway, 'measuring');
    const { answers } = await talk(gateway.port, [head('/function/measuring', lines)]);
    measuring.stop();
    expect(answers.map((answer) => [answer.status, headerOf(answer, 'x-length')])).toEqual([[200, String(lines.length - 'X-A: \r\n'.length)]]);
  });

  it('does not fill the memory when there are many, not even unfinished', async () => {
    const COUNT = 400;
    const pids = [gateway.pid, ...childrenOf(gateway.pid)];
    const resident = () => pids.reduce((sum, pid) => sum + ownMemoryBytes(pid), 0);
    const before = resident();
    const unfinished = `GET /function/fn HTTP/1.1\r\nHost: x\r\n${long(MAX_HEAD_BYTES - 10_000)}`;
    const clients = await Promise.all(
      Array.from({ length: COUNT }, async () => {
        const client = await RawClient.connect(gateway.port);
        client.write(unfinished);
        return client;
      }),
    );
    const refused = () => clients.filter(({ received }) => received.startsWith('HTTP/1.1 429 ')).length;
    await gateway.until(() => refused() > COUNT / 4);
    const { status } = await ask(gateway.url, 'GET', '/function/fn');
    expect(status).toBe(200);
    const grown = resident() - before;
    for (const client of clients) client.destroy();
    expect(grown).toBeLessThan(mostGrownBytes(workers));
    // There is room again.
    await gateway.until(async () => (await talk(gateway.port, [head('/healthz', long(MAX_HEAD_BYTES - 2_000))])).answers[0]?.status === 200);
    faultRow({ area: 'protocol', done: `heads of 1 MiB that do not end; ${workers} process(es)`, times: `${COUNT} connections`, lost: 'nothing', seen: `${refused()} were told 429; the gateway grew by ${Math.round(grown / MEGABYTE)} MiB; others were answered` });
  });
});
