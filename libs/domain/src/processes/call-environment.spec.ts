import { callEnvironment } from './call-environment';

const of = (target: string, ...rawHeaders: string[]) => callEnvironment({ method: 'POST', target, rawHeaders });

describe('callEnvironment()', () => {
  it('exports method, decoded path, raw query and length', () => {
    expect(of('/a%20b?x=%20&y', 'Content-Length', '5')).toMatchObject({
      Http_Method: 'POST',
      Http_Path: '/a b',
      Http_Query: 'x=%20&y',
      Http_ContentLength: '5',
      Http_Content_Length: '5',
    });
  });

  it.each([
    ['X-Foo-Bar', 'Http_X_Foo_Bar'],
    ['content-type', 'Http_Content_Type'],
    ['HOST', 'Http_Host'],
    ['x-a1-b', 'Http_X_A1_B'],
  ])('exports the header %s as %s', (header, name) => {
    expect(of('/', header, 'v')[name]).toBe('v');
  });

  it('exports the first value of a header only', () => {
    expect(of('/', 'X-A', '1', 'x-a', '2')['Http_X_A']).toBe('1');
  });

  it('withholds Proxy, which would redirect what many programs send', () => {
    expect(of('/', 'Proxy', 'http://evil')).not.toHaveProperty('Http_Proxy');
  });

  it('exports nothing of the request that a header says: method, path, query, length', () => {
    const env = of('/path', 'Method', 'a', 'Path', 'b', 'Query', 'c', 'ContentLength', 'd', 'Content_Length', 'e');
    expect(env).toMatchObject({ Http_Method: 'POST', Http_Path: '/path', Http_ContentLength: '0', Http_Content_Length: '0' });
    expect(env).not.toHaveProperty('Http_Query');
  });

  it('says -1 for the length of a chunked body', () => {
    expect(of('/', 'Transfer-Encoding', 'chunked')['Http_ContentLength']).toBe('-1');
  });

  it.each(['/%', '/%zz', '/%00'])('leaves the path %s as it is', (path) => {
    expect(of(path)['Http_Path']).toBe(path);
  });

  it.each(['/', '/?'])('has no query for %s', (target) => {
    expect(of(target)).not.toHaveProperty('Http_Query');
  });
});
