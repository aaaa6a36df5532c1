import { RawClient } from '../contracts/raw-client';
import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, howMany } from './fault-table';
import { LIES, type Lie } from './lies';
import { echoIn, echoOf, RawUpstream } from './raw-upstream';
import { headerOf, strictAnswers, type SeenAnswer } from './strict-answers';

const ROUNDS = howMany({ short: 1, long: 20 });

jest.setTimeout(100_000 + ROUNDS * 40_000);

/** Of a call that is not answered. */
const LIMIT = '2s';
/** Callers who call the same function meanwhile, and no other answer than their own may come to them. */
const BYSTANDERS = 2;

describe.each([1, 2])('a function that lies, behind a gateway of %i process(es)', (workers) => {
  let gateway: GatewayProcess;
  let upstream: RawUpstream;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_WORKERS: String(workers) });
    upstream = await RawUpstream.start((side) => ({
      request: (request) => {
        const lie = LIES[Number(/^\/lie\/(\d+)/.exec(request.target)?.[1])];
        if (lie) lie.tell(side);
        else side.write(echoOf(request));
      },
    }));
    await upstream.deploy(gateway, 'liar', { exec_timeout: LIMIT });
  });
  afterAll(async () => {
    await gateway.dispose();
    upstream.stop();
  });

  it('confuses nobody', async () => {
    const seen = { answers: 0, errors: 0, cuts: 0 };
    let [going, others] = [true, 0];
    const bystanders = Promise.all(
      Array.from({ length: BYSTANDERS }, async (_, who) => {
        const client = await RawClient.connect(gateway.port);
        for (let number = 0; going; number++) {
          const answer = await answerTo(client, `/by/${who}/${number}`);
          // A call that waits while the process is replaced is refused when that takes too long; it is never answered for another.
          if (echoIn(answer)) expect(echoIn(answer)!.target).toBe(`/by/${who}/${number}`);
          else expect(['over-capacity', 'not-ready', 'replica-failed', 'exec-timeout']).toContain(headerOf(answer, 'x-shoal-error'));
          others++;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        client.destroy();
      }),
    );
    // With two processes the short form leaves out what takes its time.
    const taken = [...LIES.entries()].filter(([, { endless }]) => !endless || workers === 1 || ROUNDS > 1);
    const lies = Array.from({ length: ROUNDS }, () => taken).flat();
    for (const [number, lie] of lies.filter(([, { untold }]) => !untold)) seen[await tell(lie, number)]++;
    going = false;
    await bystanders;
    // Nobody can tell these from answers: all that can be done is to drop a connection on which they come before somebody has asked.
    for (const [number, lie] of lies.filter(([, { untold }]) => untold)) seen[await tell(lie, number)]++;
    faultRow({ area: 'protocol', done: `a function's server that in ${taken.length} ways says what is no answer, or more, or less; ${workers} process(es)`, times: `${lies.length} calls, ${others} of others meanwhile`, lost: 'nothing', seen: `${seen.errors} times 502 or 504 with X-Shoal-Error, ${seen.cuts} connections cut, ${seen.answers} answers as far as they were one; the next call on the same connection was right` });
  });

  async function tell(lie: Lie, number: number): Promise<'answers' | 'errors' | 'cuts'> {
    const client = await RawClient.connect(gateway.port);
    const { title, sees, method = 'GET' } = lie;
    try {
      client.write(`${method} /function/liar/lie/${number} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await client.until(() => client.ended || client.broken || strictAnswers(client.received, { methods: [method] }).answers.length > 0, `answered ${title}`);
      const { answers: [answer], doubt } = strictAnswers(client.received, { methods: [method], goesOn: !client.ended });
      const at = { title, received: client.received.slice(0, 1_000) };
      expect(client.received).not.toMatch(/evil/i);
      if (sees === 'cut') {
        expect({ ...at, answer, cut: client.ended || client.broken, doubt }).toEqual({ ...at, answer: undefined, cut: true, doubt: expect.stringMatching(/^it ends within/) });
        return 'cuts';
      }
      if (typeof sees === 'number') {
        expect({ ...at, status: answer?.status, code: answer && headerOf(answer, 'x-shoal-error') }).toEqual({ ...at, status: sees, code: sees === 504 ? 'exec-timeout' : 'replica-failed' });
      } else {
        expect({ ...at, status: answer?.status, body: answer?.body, code: answer && headerOf(answer, 'x-shoal-error') }).toEqual({ ...at, status: sees.status ?? 200, body: sees.body, code: undefined });
      }
      if (lie.untold) await new Promise((resolve) => setTimeout(resolve, 200));
      const next = await answerTo(client, `/next/${number}`, answer && client.received);
      expect({ ...at, next: echoIn(next)?.target }).toEqual({ ...at, next: `/next/${number}` });
      return typeof sees === 'number' ? 'errors' : 'answers';
    } finally {
      client.destroy();
      // Also on another connection, to the same replica.
      const { headers } = await ask(gateway.url, 'GET', `/function/liar/again/${number}`);
      expect({ title, again: Buffer.from(String(headers['x-echo']), 'base64').toString() }).toEqual({ title, again: expect.stringContaining(`/again/${number}`) });
    }
  }
});

/** Asks on a connection on which `before` has come. */
async function answerTo(client: RawClient, path: string, before = client.received): Promise<SeenAnswer> {
  client.write(`GET /function/liar${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const answers = () => strictAnswers(client.received.slice(before.length)).answers;
  await client.until(() => client.ended || client.broken || answers().length > 0, `answered ${path}`);
  const [answer] = answers();
  if (!answer) throw new Error(`${path} was not answered, but ${JSON.stringify(client.received.slice(before.length))}`);
  return answer;
}
