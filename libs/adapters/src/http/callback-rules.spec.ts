import { addressProblem, callbackUrlProblem, parseHostRules } from './callback-rules';

const none = { allow: [], deny: [] };
const rules = (allow: string, deny = '') => ({ allow: parseHostRules(allow)!, deny: parseHostRules(deny)! });

describe('callbackUrlProblem()', () => {
  it.each(['https://example.org/a?b=c', 'http://93.184.216.34:8080/', 'http://[2606:2800:220:1::1]/', 'http://user:pw@example.org/'])('lets %s be', (url) => {
    expect(callbackUrlProblem(none, url)).toBeUndefined();
  });

  it.each(['/relative', 'ftp://example.org/', 'file:///etc/passwd', 'javascript:alert(1)', 'not a url'])('refuses %s as no URL for it', (url) => {
    expect(callbackUrlProblem(none, url)).toMatch(/^must (be an absolute URL|begin with http)/);
  });

  it.each([
    'http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f.0.0.1/', 'http://0.0.0.0/', 'http://10.1.2.3/', 'http://172.16.0.1/', 'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data', 'http://100.64.0.1/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://[fe80::1]/', 'http://[fd00::1]/', 'http://[64:ff9b::7f00:1]/',
    'http://224.0.0.1/', 'http://255.255.255.255/', 'http://[2002:7f00:1::]/', 'http://[::127.0.0.1]/', 'http://[::7f00:1]/', 'http://[fec0::1]/', 'http://[1::1]/', 'http://[4000::1]/',
  ])('refuses %s as no public address', (url) => {
    expect(callbackUrlProblem(none, url)).toMatch(/is not a public address/);
  }); // prettier-ignore
});

describe('addressProblem()', () => {
  it('goes by the address that a name stands for at the time', () => {
    expect(addressProblem(none, 'rebound.example.org', '127.0.0.1')).toMatch(/not a public address \(loopback\); SHOAL_CALLBACK_ALLOW/);
    expect(addressProblem(none, 'example.org', '93.184.216.34')).toBeUndefined();
  });

  it('allows what is named: hosts, those below one, addresses and ranges; and nothing else', () => {
    const some = rules('gateway, *.internal, 10.0.0.0/8, ::1');
    expect(addressProblem(some, 'gateway', '172.18.0.3')).toBeUndefined();
    expect(addressProblem(some, 'GATEWAY.', '172.18.0.3')).toBeUndefined();
    expect(addressProblem(some, 'a.internal', '192.168.0.1')).toBeUndefined();
    expect(addressProblem(some, 'internal', '192.168.0.1')).toBeDefined();
    expect(addressProblem(some, 'x', '10.255.0.1')).toBeUndefined();
    expect(addressProblem(some, 'x', '11.0.0.1')).toBeUndefined(); // Public anyhow.
    expect(addressProblem(some, 'x', '::1')).toBeUndefined();
    expect(addressProblem(some, 'x', '127.0.0.1')).toBeDefined();
    expect(addressProblem(some, 'notgateway', '172.18.0.3')).toBeDefined();
  });

  it('denies before it allows', () => {
    const some = rules('10.0.0.0/8', '10.0.0.1, evil.example.org');
    expect(addressProblem(some, 'x', '10.0.0.1')).toBe('must not lead to x');
    expect(addressProblem(some, 'x', '10.0.0.2')).toBeUndefined();
    expect(addressProblem(some, 'evil.example.org', '93.184.216.34')).toBeDefined();
    expect(callbackUrlProblem(some, 'https://evil.example.org/')).toBe('must not lead to evil.example.org');
  });
});

describe('parseHostRules()', () => {
  it('takes nothing that it does not know', () => {
    expect(parseHostRules('')).toEqual([]);
    for (const text of ['10.0.0.0/33', 'http://x', 'a b', '*', '-']) expect(parseHostRules(text)).toBeUndefined();
  });
});
