import { NEW_DRAFT, type Draft } from './draft';
import { loadTries, storeTries, toTry, withTry } from './history';

const storage = new Map<string, string>();
beforeEach(() => {
  storage.clear();
  Object.assign(globalThis, {
    sessionStorage: { getItem: (key: string) => storage.get(key) ?? null, setItem: (key: string, value: string) => storage.set(key, value), removeItem: (key: string) => storage.delete(key) },
  });
});
const made = (draft: Partial<Draft>) => toTry({ ...NEW_DRAFT, ...draft }, 1, { outcome: '200', elapsedMs: 2 });

describe('toTry()', () => {
  it('keeps no secret, no long body, no file, and says so', () => {
    const headers = [{ name: 'Authorization', value: 'Bearer x' }, { name: 'cookie', value: '' }, { name: 'X-A', value: '1' }];
    const one = made({ headers, text: 'x'.repeat(10_001) });
    expect(one.draft.headers).toEqual([{ name: 'Authorization', value: '' }, { name: 'cookie', value: '' }, { name: 'X-A', value: '1' }]);
    expect(one.missing).toEqual(['body', 'secrets']);
    expect(JSON.stringify(one)).not.toMatch(/Bearer|xx/);
    const withFile = made({ bodyKind: 'file', file: new File(['x'], 'a.txt'), text: 'not sent' });
    expect(withFile.missing).toEqual(['file']);
    expect(withFile.draft).not.toHaveProperty('file');
    expect(withFile.draft.text).toBe('');
  });

  it('keeps the body that was sent', () => {
    expect(made({ text: 'hello', json: '{}' })).toMatchObject({ missing: [], draft: { text: 'hello', json: '' } });
    expect(made({ bodyKind: 'json', text: 'hello', json: '{}' })).toMatchObject({ draft: { text: '', json: '{}' } });
  });
});

describe('tries in the storage of the window', () => {
  it('are the last twenty, each function its own', () => {
    let tries = loadTries('echo.fn');
    for (let i = 0; i < 25; i++) tries = withTry(tries, { ...made({}), atMs: i });
    storeTries('echo.fn', tries);
    expect(loadTries('echo.fn').map(({ atMs }) => atMs)).toEqual(Array.from({ length: 20 }, (_, i) => 24 - i));
    expect(loadTries('echo.other')).toEqual([]);
    storeTries('echo.fn', []);
    expect(storage.size).toBe(0);
  });

  it.each(['{', '{}', 'null', '[null, 1, {"atMs":1}]', JSON.stringify([{ ...made({}), draft: { ...NEW_DRAFT, method: 'TRACE' } }])])('are none where there is %s', (text) => {
    storage.set('shoal.tries.echo.fn', text);
    expect(loadTries('echo.fn')).toEqual([]);
  });
});
