import { functionPath } from './function-status';

it('functionPath() takes an id, or a key: neither names nor namespaces have dots', () => {
  expect(functionPath({ name: 'echo', namespace: 'n' })).toBe('system/function/echo?namespace=n');
  expect(functionPath('echo.n')).toBe('system/function/echo?namespace=n');
  expect(functionPath('a/b?.n&m')).toBe('system/function/a%2Fb%3F?namespace=n%26m');
  expect(functionPath('echo')).toBe('system/function/echo?namespace=');
});
