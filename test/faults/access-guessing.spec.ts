import { setMaxListeners } from 'node:events';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, howMany } from './fault-table';
import { basic, rawRequest, type RawAnswer } from './raw-request';

jest.setTimeout(120_000);

/** Addresses that guess, each with so many requests at a time: more than are checked for all together. */
const GUESSERS = howMany({ short: 12, long: 40 });
const AT_A_TIME = 8;

/** What the answer tells, without what always differs. */
const told = ({ status, headers: { date: _, ...headers }, body }: RawAnswer) => ({ status, headers, body });

async function signIn(gateway: GatewayProcess, password: string, from: string): Promise<number> {
  return (await rawRequest(gateway.url, { method: 'POST', target: '/ui/session', body: JSON.stringify({ user: 'admin', password }), from })).status;
}

/** Keeps on guessing from many addresses, at the API and at the portal, until it is told to stop. */
function guess(gateway: GatewayProcess) {
  const statuses = new Map<number, number>();
  let withoutRetryAfter = 0;
  const { signal, abort } = abortable();
  const one = async (from: string) => {
    while (!signal.aborted) {
      const answer = await rawRequest(gateway.url, { method: 'GET', target: '/system/info', lines: [basic(`admin:${Math.random()}`)], from, signal }).catch(() => undefined);
      const status = answer?.status ?? 0;
      if (status === 0) continue;
      if (status === 429 && !/^[1-9]\d*$/.test(answer?.headers['retry-after'] ?? '')) withoutRetryAfter++;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // A refusal comes at once; who guesses would not turn as quickly from another machine.
      if (status === 429) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const all = Promise.all(Array.from({ length: GUESSERS * AT_A_TIME }, (_, i) => one(`127.60.0.${1 + (i % GUESSERS)}`)));
  return {
    statuses,
    withoutRetryAfter: () => withoutRetryAfter,
    stop: async () => {
      abort();
      await all;
    },
  };
}

function abortable() {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return { signal: controller.signal, abort: () => controller.abort() };
}

describe('guessing the password', () => {
  let gateway: GatewayProcess;
  let password: string;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    ({ password } = gateway);
  });
  afterAll(() => gateway?.dispose());

  it('does not keep the owner out: neither who was in before, nor who signs in first', async () => {
    const owner = (from: string) => rawRequest(gateway.url, { method: 'GET', target: '/system/info', lines: [basic(`admin:${password}`)], from });
    let guesses = 0;
    for (const isRestarted of [false, true]) {
      if (isRestarted) {
        await gateway.stop();
        await gateway.startAgain();
      }
      const guessing = guess(gateway);
      try {
        await gateway.until(() => (guessing.statuses.get(429) ?? 0) > 20);
        // From an address that has nothing to do with it, and from one that guesses as well.
        expect(await signIn(gateway, password, '127.61.0.1')).toBe(200);
        expect((await owner('127.60.0.1')).status).toBe(200);
        expect(await signIn(gateway, password, '127.60.0.2')).toBe(200);
      } finally {
        await guessing.stop();
      }
      expect([...guessing.statuses.keys()].sort()).toEqual([401, 429]);
      expect(guessing.withoutRetryAfter()).toBe(0);
      guesses += [...guessing.statuses.values()].reduce((sum, count) => sum + count, 0);
    }
    faultRow({ area: 'access', done: `guessing from ${GUESSERS} addresses at once, before and after a restart`, times: `${guesses} guesses`, lost: 'nothing', seen: 'who guesses: 401, and 429 with Retry-After; the owner: signed in' });
  });

  it('tells nothing by its answer: a wrong user is refused as a wrong password is', async () => {
    const ask = (user: string, given: string, from: string) => rawRequest(gateway.url, { method: 'GET', target: '/system/info', lines: [basic(`${user}:${given}`)], from });
    const session = (user: string, given: string, from: string) => rawRequest(gateway.url, { method: 'POST', target: '/ui/session', body: JSON.stringify({ user, password: given }), from });
    for (const [kind, attempt] of [ask, session].entries()) {
      const answers = await Promise.all([['admin', 'x'], ['nobody', 'x'], ['nobody', password]].map(([user, given], i) => attempt(user!, given!, `127.62.${kind}.${i + 1}`)));
      for (const answer of answers) expect(told(answer)).toEqual(told(answers[0]!));
      expect(answers[0]!.status).toBe(401);
    }
  });
});

describe.each([['on one process', '1'], ['through workers', '2']])('whose failure it is, %s', (_title, workers) => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true', SHOAL_WORKERS: workers });
  });
  afterAll(() => gateway?.dispose());

  const NAMES = ['X-Forwarded-For', 'X-Real-IP', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Shoal-Peer'];
  const claims = (address: string) => [...NAMES.map((name) => `${name}: ${address}${name === 'X-Shoal-Peer' ? ' 1' : ''}`), `Forwarded: for=${address}`];
  const attempt = (from: string, claimed: string) => rawRequest(gateway.url, { method: 'GET', target: '/system/info', lines: [basic(`admin:${Math.random()}`), ...claims(claimed)], from });

  it('no header says it: one address is one, whatever it claims to be, and makes no other pay', async () => {
    const victim = '127.64.0.1';
    // More than one address may have at a time; each claims to be another one.
    const evading = await Promise.all(Array.from({ length: 3 * AT_A_TIME }, (_, i) => attempt('127.63.0.1', `127.65.0.${i + 1}`)));
    const refused = evading.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of refused) expect(headers['retry-after']).toBe('1');

    const poisoning = Array.from({ length: 2 * AT_A_TIME }, () => attempt('127.63.0.2', victim));
    const own = Array.from({ length: AT_A_TIME }, () => attempt(victim, victim));
    expect((await Promise.all(own)).map(({ status }) => status)).toEqual(Array(AT_A_TIME).fill(401));
    expect((await Promise.all(poisoning)).some(({ status }) => status === 429)).toBe(true);
  });
});
