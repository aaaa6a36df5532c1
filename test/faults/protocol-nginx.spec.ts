import { spawnSync } from 'node:child_process';
import { describeWithPrograms } from '../describe-with';
import { GatewayProcess } from '../e2e/gateway-process';
import { faultRow, faultSeed, howMany } from './fault-table';
import { mutatedRequests } from './mutated-requests';
import { NginxProcess } from './nginx-process';
import { echoIn, RawUpstream } from './raw-upstream';
import { Random } from './random';
import { headerOf, type SeenAnswer } from './strict-answers';
import { strictRequests, type SeenRequest } from './strict-requests';
import { talk, type Talk } from './talk';

const CASES = howMany({ short: 3_000, long: 100_000 });
/** Names that no small change makes of one another. */
const LANES = ['alfa', 'bravo', 'charlie', 'delta', 'echoes', 'foxtrot', 'golf', 'hotel'];

jest.setTimeout(100_000 + 50 * CASES);

/** What a proxy made of one request. */
type Reading =
  | { readonly kind: 'passed'; readonly request: SeenRequest }
  /** It is a request, but none for a function that there is. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'refused'; readonly why: string };

/** What we refuse, in our words, and nginx takes: what is to differ here, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  'its first line is no request': 'nginx takes more than one blank, blanks at the end, LF alone, HTTP/0.9, and versions with more digits',
  'its version of HTTP is not 1.0 or 1.1': 'nginx takes 1.2 and later for 1.1',
  'its head is no text': 'nginx ends lines with LF alone',
  'one of its headers is malformed': 'nginx leaves such lines out: blanks before the colon, folds, lines without a colon, control characters',
  'its Host header is malformed': 'nginx takes any character but blanks and slashes',
  'it must have one Host header': 'nginx leaves out lines whose name is malformed',
  'its target is no path': 'nginx takes URLs of any scheme, with users in them',
  'its target has a fragment': 'nginx cuts it off',
  'a chunk has no size': 'nginx takes blanks and anything behind a semicolon',
  'a chunk is longer than it says': 'nginx takes LF alone behind a chunk',
  'its trailers say how long it is': 'nginx throws trailers away unread',
  'its Expect header asks for something that is not known': 'nginx takes it for nothing',
  'it has more than one Expect header': 'nginx leaves out those whose name is malformed',
  'it has more than one Authorization header': 'the same',
  'its Content-Length is no number': 'nginx takes more than 15 digits',
};

/** What we take, and nginx refuses. Each is no more than a name, a value or a path for us, which nobody decodes or looks up on the way. */
const LAXER: Readonly<Record<string, (asked: SeenRequest, text: string) => boolean>> = {
  'methods with other characters than A to Z, - and _, which functions may have': ({ method }) => !/^[A-Z_-]+$/.test(method),
  'an empty Host, which HTTP asks of those who have none to say': (_, text) => /\nhost:[ \t]*\r\n/i.test(text),
  'a path with % that encodes nothing, or NUL': ({ target }) => /%(?![\da-f]{2})|%00/i.test(target.replace(/\?.*/, '')),
  'conditions that are said twice, which are the function’s to judge': ({ headers }) => headers.filter(([name]) => name.startsWith('if-')).length > 1,
  'a path that leads above its root by /..': ({ target }) => /(^|\/)\.\.(\/|$)/.test(target.replace(/\?.*/, '')),
};

/** Of one proxy, not of the message, or said by one of them only. */
const NOT_COMPARED = /^(host|content-length|transfer-encoding|x-call-id|x-start-time|x-timeout|traceparent|x-forwarded-(for|host)|connection|trailer|te|keep-alive|upgrade|proxy-.*|expect)$/;
/** nginx leaves out all other names, and we those that `Connection` names: here `X-A`. */
const COMPARED = /^(?!x-a$)[a-z0-9_-]+$/;

const version = /nginx\/([\d.]+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr ?? '')?.[1];

describeWithPrograms('beside nginx', ['nginx'], 'nginx-light', () => {
  let gateway: GatewayProcess;
  let nginx: NginxProcess;
  const [ours, theirs]: [RawUpstream[], RawUpstream[]] = [[], []];

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await Promise.all(
      LANES.map(async (name, lane) => {
        [ours[lane], theirs[lane]] = [await RawUpstream.start(), await RawUpstream.start()];
        await ours[lane].deploy(gateway, name);
      }),
    );
    nginx = await NginxProcess.start(theirs.map(({ port }) => port));
  });
  afterAll(async () => {
    for (const upstream of [...ours, ...theirs]) upstream.stop();
    try {
      await gateway.dispose();
    } finally {
      await nginx.stop();
    }
  });

  it('hears no request that nginx does not hear, nor one otherwise', async () => {
    const differences: object[] = [];
    const counts = new Map<string, number>();
    const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1);
    let number = 0;
    await Promise.all(
      LANES.map(async (name, lane) => {
        const base = `/function/${name}`;
        while (number < CASES) {
          const text = mutatedRequests(new Random(faultSeed * 1_000_003 + number++), base);
          const [here, there] = await Promise.all([talk(gateway.port, [text]), talk(nginx.ports[lane]!, [text])]);
          const [mine, other] = [here.answers.map(readingOfOurs), readingsOfTheirs(there)];
          for (let i = 0, same = true; same && i < Math.max(mine.length, other.length); i++) {
            const outcome = compare(mine[i], other[i], { base, text, isWhole: i < strictRequests(text).requests.length });
            count(outcome.kind);
            if (outcome.kind === 'different') differences.push({ what: outcome.what, text, mine: mine[i], other: other[i], here: here.doubt, there: there.doubt });
            same = outcome.kind === 'same';
          }
          expect({ text, doubts: ours[lane]!.doubts }).toEqual({ text, doubts: [] });
          for (const upstream of [ours[lane]!, theirs[lane]!]) upstream.forget();
        }
      }),
    );
    expect({ faultSeed, differences: differences.slice(0, 5) }).toEqual({ faultSeed, differences: [] });
    const [same, stricter, laxer] = ['same', 'stricter', 'laxer'].map((kind) => counts.get(kind) ?? 0);
    expect(same).toBeGreaterThan(CASES / 3);
    faultRow({ area: 'protocol', done: `bytes made from requests by up to three changes, to the gateway and to nginx ${version}; what their upstreams got`, times: `${CASES} cases, ${same! + stricter! + laxer!} requests`, lost: 'nothing', seen: `${same} read alike; ${stricter} refused that nginx takes, for named reasons; ${laxer} taken that nginx refuses: odd methods, paths and empty hosts, passed on as they came` });
  });
});

function readingOfOurs(answer: SeenAnswer): Reading {
  const request = echoIn(answer);
  if (request) return { kind: 'passed', request };
  const named = ['x-shoal-answered-by', 'x-call-id'].some((name) => headerOf(answer, name) !== undefined);
  if (headerOf(answer, 'x-shoal-error') === undefined || named) return { kind: 'elsewhere' };
  return { kind: 'refused', why: (JSON.parse(answer.body) as { message: string }).message };
}

function readingsOfTheirs({ answers, doubt }: Talk): readonly Reading[] {
  const readings = answers.map((answer): Reading => {
    const request = echoIn(answer);
    return request ? { kind: 'passed', request } : { kind: 'refused', why: String(answer.status) };
  });
  // To what it takes for HTTP/0.9 it answers without a head.
  return doubt?.includes('<html>') ? [...readings, { kind: 'refused', why: 'HTTP/0.9' }] : readings;
}

type Outcome = { readonly kind: 'same' | 'stricter' | 'laxer' | 'no opinion' } | { readonly kind: 'different'; readonly what: string };

/** Behind anything but `same`, the two are at different places, or have closed. */
function compare(mine: Reading | undefined, other: Reading | undefined, { base, text, isWhole }: { readonly base: string; readonly text: string; readonly isWhole: boolean }): Outcome {
  const different = (what: string): Outcome => ({ kind: 'different', what });
  if (mine?.kind === 'refused') {
    if (other?.kind !== 'passed') return { kind: 'no opinion' };
    return STRICTER[mine.why] === undefined ? different(`refused for no known reason: ${mine.why}`) : { kind: 'stricter' };
  }
  // A request that had not come whole when the caller left; nginx ends chunks with LF alone.
  // Of two `Connection`s that contradict each other it believes the last.
  if (mine === undefined && /\nconnection:[^\n]*close/i.test(text) && /\nconnection:[^\n]*keep-alive/i.test(text)) return { kind: 'no opinion' };
  if (mine === undefined) return other?.kind === 'refused' || !isWhole ? { kind: 'no opinion' } : different('not taken, but by nginx');
  // What is no function is answered with an error, as nginx does.
  if (mine.kind === 'elsewhere') return other?.kind === 'passed' && restOf(other.request.target, base) !== undefined ? different('not for its function') : { kind: 'no opinion' };
  const { request } = mine;
  if (other?.kind !== 'passed') {
    // nginx closes wherever `Connection` has these letters in it.
    if (other === undefined && /\nconnection:[^\n]*close/i.test(text)) return { kind: 'no opinion' };
    return Object.values(LAXER).some((reason) => reason(request, text)) ? { kind: 'laxer' } : different('taken, but not by nginx');
  }
  const { request: there } = other;
  const [a, b] = [view(request, request.target), view(there, restOf(there.target, base))];
  return a === b ? { kind: 'same' } : different(`${a} is ${b} to nginx`);
}

/** What a function gets of a target; `undefined` when it is not for it. */
function restOf(target: string, base: string): string | undefined {
  if (!target.startsWith(base)) return undefined;
  const rest = target.slice(base.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : undefined;
}

function view({ method, body, headers }: SeenRequest, target: string | undefined): string {
  return JSON.stringify({ method, target, body, headers: headers.filter(([name]) => !NOT_COMPARED.test(name) && COMPARED.test(name)).sort() });
}
