import { ask } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, howMany } from './fault-table';
import { echoIn, RawUpstream } from './raw-upstream';
import { smugglings } from './smuggling';
import { headerOf, type SeenAnswer } from './strict-answers';
import { strictRequests } from './strict-requests';
import { talk, type Talk } from './talk';

jest.setTimeout(300_000);

/** Cases under way at a time, each with a function's server of its own, so that it is known what came of which. */
const LANES = 4;
/** Of a piece, when a case is sent in pieces. */
const PIECE_LENGTH = howMany({ short: 37, long: 1 });

/** What carries a case, and the request that it tries to smuggle; `LANE` and `CASE` are replaced by texts of the same length. */
interface Plane {
  readonly first: string;
  readonly smuggled: string;
  /** Whether an answer is one of the plane's, not a refusal of what is no request. */
  isAnswer(answer: SeenAnswer): boolean;
}

const isRefusal = (answer: SeenAnswer) => headerOf(answer, 'x-shoal-error') !== undefined;

const FUNCTION: Plane = {
  first: 'POST /function/LANE/first HTTP/1.1',
  smuggled: 'GET /function/LANE/CASE HTTP/1.1\r\nHost: x\r\n\r\n',
  isAnswer: (answer) => echoIn(answer) !== undefined,
};
const QUEUE: Plane = {
  first: 'POST /async-function/LANE/first HTTP/1.1',
  smuggled: 'POST /async-function/LANE/CASE HTTP/1.1\r\nHost: x\r\n\r\n',
  isAnswer: ({ status }) => status === 202,
};
const SECRET = '{"name":"s-CASE","value":"v"}';
const CONTROL: Plane = {
  first: 'POST /system/secrets HTTP/1.1',
  smuggled: `POST /system/secrets HTTP/1.1\r\nHost: x\r\nContent-Length: ${SECRET.length}\r\n\r\n${SECRET}`,
  isAnswer: (answer) => !isRefusal(answer),
};

/** Where we do not read what a strict reader does: all else that is not beyond doubt has to be refused, and all else taken. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'the length "0SIZE"': 'zeros in front are allowed; the function gets the length without them',
  'the chunk size "00"': 'the same',
  'the expectation 100-continue, x': '417: it asks for something that is not known',
  'the expectation 200-ok': 'the same',
};

describe.each([1, 2])('requests to a gateway of %i process(es)', (workers) => {
  let gateway: GatewayProcess;
  const lanes: RawUpstream[] = [];
  const laneName = (lane: number) => `fn-${lane}`;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_WORKERS: String(workers) });
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        lanes[lane] = await RawUpstream.start();
        await lanes[lane].deploy(gateway, laneName(lane));
      }),
    );
  });
  afterAll(async () => {
    await gateway.dispose();
    for (const lane of lanes) lane.stop();
  });

  interface Sent {
    readonly case: string;
    readonly text: string;
    readonly talked: Talk;
    readonly upstream: RawUpstream;
    /** Of the answers, those of the plane. */
    readonly answers: readonly SeenAnswer[];
  }

  /** Sends each case, whole and in pieces, and sees that no more was answered than is beyond doubt. */
  async function smuggle(plane: Plane, check: (sent: Sent) => Promise<void> | void): Promise<{ readonly cases: number; readonly refused: number }> {
    const cases = smugglings(plane.smuggled).flatMap((one, i) => {
      const whole = { ...one, pieceLength: Infinity };
      const pieces = { ...one, pieceLength: PIECE_LENGTH };
      // The short form has every second one, in one way, and the others with the other number of processes.
      if (howMany({ short: 1, long: 2 }) === 2) return [whole, pieces];
      return (i + workers) % 2 === 0 ? [] : [i % 4 < 2 ? whole : pieces];
    });
    let [refused, count] = [0, 0];
    await inLanes(cases, async ({ title, lines, body, pieceLength }, lane) => {
      const id = String(++count).padStart(4, '0');
      const text = `${plane.first}\r\nHost: x\r\n${lines}\r\n${body}`.replaceAll('LANE', laneName(lane)).replaceAll('CASE', id);
      const upstream = lanes[lane]!;
      const talked = await talk(gateway.port, inPieces(text, pieceLength));
      const answers = talked.answers.filter(plane.isAnswer);
      const { requests, doubt } = strictRequests(text);
      const refusals = talked.answers.filter(isRefusal).length;
      const at = { title, text, doubt };
      expect({ ...at, answered: talked.doubt }).toEqual({ ...at, answered: undefined });
      const asExpected = answers.length === requests.length && refusals === (doubt === undefined ? 0 : 1);
      expect({ ...at, received: talked.received, asExpected }).toEqual({ ...at, received: talked.received, asExpected: OTHERWISE[title] === undefined });
      refused += refusals;
      await check({ case: id, text, talked, upstream, answers });
    });
    return { cases: count, refused };
  }

  it('smuggle none past a function', async () => {
    const { cases, refused } = await smuggle(FUNCTION, async ({ text, answers, upstream }) => {
      const said = answers.map((answer) => echoIn(answer)!.target);
      expect({ text, doubts: upstream.doubts, targets: upstream.requests.map(({ target }) => target) }).toEqual({ text, doubts: [], targets: said });
      upstream.forget();
    });
    row('to a function', cases, `${refused} refused; the function’s server got what was answered, and nothing else`);
  });

  it('smuggle none into the queue', async () => {
    const accepted: number[] = Array.from({ length: LANES }, () => 0);
    const { cases, refused } = await smuggle(QUEUE, ({ answers, upstream }) => {
      accepted[lanes.indexOf(upstream)]! += answers.length;
    });
    await gateway.until(() => lanes.every(({ requests }, lane) => requests.length >= accepted[lane]!));
    expect(lanes.map(({ requests, doubts }) => [requests.length, doubts])).toEqual(accepted.map((count) => [count, []]));
    for (const lane of lanes) lane.forget();
    row('to the queue', cases, `${refused} refused; what ran is what was accepted`);
  });

  it('smuggle none into the control plane', async () => {
    const made = new Set<string>();
    const { cases, refused } = await smuggle(CONTROL, ({ case: id, answers }) => {
      if (answers.some(({ status }) => status < 300)) made.add(`s-${id}`);
    });
    const { text } = await ask(gateway.url, 'GET', '/system/secrets');
    expect(new Set((JSON.parse(text) as { name: string }[]).map(({ name }) => name))).toEqual(made);
    row('to the control plane', cases, `${refused} refused; ${made.size} that were two requests to everybody made what they asked for`);
  });

  function row(to: string, cases: number, seen: string): void {
    faultRow({ area: 'protocol', done: `request smuggling by lengths, codings, chunks, folds, halves of line ends, ${to}; ${workers} process(es)`, times: `${cases} requests`, lost: 'nothing', seen });
  }

  /** Runs cases, `LANES` at a time. */
  async function inLanes<T>(cases: readonly T[], run: (one: T, lane: number) => Promise<void>): Promise<void> {
    const queue = [...cases];
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        for (let one = queue.shift(); one !== undefined; one = queue.shift()) await run(one, lane);
      }),
    );
  }
});

const inPieces = (text: string, length: number): readonly string[] => (length === Infinity ? [text] : (text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []));
