import { DEFAULT_GATEWAY, gatewayUrl } from './gateway-url';

const choose = (flag?: string, inFile?: string, env: Record<string, string> = {}) => gatewayUrl({ flag, inFile, env });

describe('gatewayUrl()', () => {
  it.each([
    ['the default', undefined, undefined, {}, DEFAULT_GATEWAY],
    ['the flag first', 'http://a', 'http://b', { SHOAL_GATEWAY: 'http://c', OPENFAAS_URL: 'http://d' }, 'http://a'],
    ['then the stack file', undefined, 'http://b', { SHOAL_GATEWAY: 'http://c', OPENFAAS_URL: 'http://d' }, 'http://b'],
    ['then SHOAL_GATEWAY', undefined, undefined, { SHOAL_GATEWAY: 'http://c', OPENFAAS_URL: 'http://d' }, 'http://c'],
    ['then OPENFAAS_URL', undefined, '', { SHOAL_GATEWAY: ' ', OPENFAAS_URL: 'http://d' }, 'http://d'],
    ['whatever is not the default', DEFAULT_GATEWAY, `${DEFAULT_GATEWAY}/`, { OPENFAAS_URL: 'http://d' }, 'http://d'],
  ])('chooses %s', (_name, flag, inFile, env, expected) => {
    expect(choose(flag, inFile, env as Record<string, string>)).toBe(expected);
  });

  it.each([
    ['HTTP://Example.COM:8080/', 'http://example.com:8080'],
    ['127.0.0.1:31112', 'http://127.0.0.1:31112'],
    ['https://example.com/shoal//', 'https://example.com/shoal'],
    ['https://example.com:443', 'https://example.com'],
  ])('writes %s as %s', (given, expected) => {
    expect(choose(given)).toBe(expected);
  });

  it('rejects what is no URL, and one with a password, without repeating that', () => {
    expect(() => choose('http://a b')).toThrow(expect.objectContaining({ reason: 'usage', message: expect.stringContaining('http://a b') }));
    expect(() => choose('http://admin:s3cr3t@a')).toThrow(expect.objectContaining({ reason: 'usage', message: expect.not.stringContaining('s3cr3t') }));
  });
});
