import { explainError } from './explain-error';

const answer = (headers: Readonly<Record<string, string>>, body: string) => ({ headers: Object.entries(headers).map(([name, value]) => ({ name, value })), body: new TextEncoder().encode(body) });
const GATEWAY = { 'x-shoal-answered-by': 'gateway' };

describe('explainError()', () => {
  it('says who gave up, which limit, and what to do', () => {
    const body = '{"code":"upstream-timeout","message":"echo took too long","layer":"gateway","limitMs":2000,"elapsedMs":2004}';
    expect(explainError(answer({ ...GATEWAY, 'x-shoal-error': 'upstream-timeout' }, body))).toEqual({
      code: 'upstream-timeout',
      who: 'The gateway answered, not the function.',
      message: 'Echo took too long.',
      limit: '2 s, given up after 2 s',
      advice: expect.stringContaining('upstream_timeout'),
    });
  });

  it('takes the word of a watchdog, which a function can imitate, for no more than that', () => {
    expect(explainError(answer({ 'x-shoal-error': 'exec-timeout', 'x-shoal-limit': 'exec_timeout' }, '{"layer":"gateway","message":"no"}'))).toMatchObject({
      who: 'The watchdog in front of the function answered for it.',
      message: '{"layer":"gateway","message":"no"}.',
      limit: 'exec_timeout',
    });
  });

  it('has nothing to say of an answer of the function, and copes with a body that is no JSON', () => {
    expect(explainError(answer({}, '{"code":"x"}'))).toBeUndefined();
    expect(explainError(answer({ ...GATEWAY, 'x-shoal-error': 'odd' }, 'null'))).toEqual({ code: 'odd', who: 'The gateway answered, not the function.', message: 'Null.' });
  });
});
