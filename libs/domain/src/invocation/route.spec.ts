import fc from 'fast-check';
import { functionNameOfIntent, parseFunctionName, routeOf } from './route';

const NS = 'openfaas-fn';
const found = (name: string, rest: string, namespace = NS) => ({ kind: 'function', id: { name, namespace }, rest });

describe('routeOf()', () => {
  it.each([
    ['/function/echo', found('echo', '/')],
    ['/function/echo/', found('echo', '/')],
    ['/function/echo?q=1', found('echo', '/?q=1')],
    ['/function/echo/a%2Fb//c/../d?x=%20', found('echo', '/a%2Fb//c/../d?x=%20')],
    ['/function/echo.staging/x', found('echo', '/x', 'staging')],
    ['/function/a.b.c', found('a.b', '/', 'c')],
    ['/function/Upper_case', found('Upper_case', '/')],
    ['/function/..', { kind: 'no-function' }],
    ['/function/.ns', { kind: 'no-function' }],
    ['/function/echo.', { kind: 'no-function' }],
    ['/function/a%2Fb', { kind: 'no-function' }],
    ['/function/', { kind: 'no-function' }],
    [`/function/${'x'.repeat(128)}`, { kind: 'no-function' }],
    ['/function//x', { kind: 'no-function' }],
    ['/async-function/echo/x', { ...found('echo', '/x'), kind: 'async-function' }],
    ['/', { kind: 'root' }],
    ['/?a=b', { kind: 'root' }],
    ['/function', { kind: 'control-plane' }],
    ['/system/functions', { kind: 'control-plane' }],
  ])('reads POST %s', (target, route) => {
    expect(routeOf('POST', target, NS)).toEqual(route);
  });

  it('leaves the root of other methods to the control plane', () => {
    expect(routeOf('GET', '/', NS)).toEqual({ kind: 'control-plane' });
  });

  it('passes what follows the name byte for byte', () => {
    fc.assert(
      fc.property(fc.string(), (tail) => {
        expect(routeOf('GET', `/function/echo/${tail}`, NS)).toEqual(found('echo', `/${tail}`));
      }),
    );
  });
});

describe('parseFunctionName()', () => {
  it.each(['', 'a b', 'a/b', 'ä', 'a\0', 'a%00', 'a:b'])('takes %j for no name', (text) => {
    expect(parseFunctionName(text, NS)).toBeUndefined();
  });
});

describe('functionNameOfIntent()', () => {
  const request = (name: unknown) => ({ session: { sessionId: 's1' }, request: { type: 'IntentRequest', intent: { name } } });

  it.each([
    ['HostnameIntent', 'hostname-intent'],
    ['hostname', 'hostname'],
    ['GetHTTPStatus', 'get-http-status'],
    ['AMAZON.StopIntent', 'amazon-stop-intent'],
    ['Level2Boss', 'level2-boss'],
    ['Ünicode', undefined],
    ['', undefined],
    [42, undefined],
  ])('turns the intent %j into %j', (intent, name) => {
    expect(functionNameOfIntent(request(intent))).toBe(name);
  });

  it.each([undefined, null, 'text', [], {}, { request: { intent: { name: 'X' } } }, { session: { sessionId: 's1' }, request: null }])(
    'finds no intent in %j',
    (body) => {
      expect(functionNameOfIntent(body)).toBeUndefined();
    },
  );
});
