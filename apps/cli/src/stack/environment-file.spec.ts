import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironmentFiles } from './environment-file';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'environment-file-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe('readEnvironmentFiles()', () => {
  it('lets a later file win, and keeps values as they are written', async () => {
    write('a.yml', '# shared\nenvironment:\n  A: 1.10\n  B: yes\n  C:\n');
    write('b.yml', 'environment: {B: "${NOT}", D: 0x10}\n');
    expect(await readEnvironmentFiles(['a.yml', join(folder, 'b.yml')], folder)).toEqual({ A: '1.10', B: '${NOT}', C: '', D: '0x10' });
  });

  it.each(['', '# nothing yet\n', 'environment:\n', 'environment: {}\n'])('takes %j for no variables', async (text) => {
    write('a.yml', text);
    expect(await readEnvironmentFiles(['a.yml'], folder)).toEqual({});
  });

  it('reads no file when none is named', async () => {
    expect(await readEnvironmentFiles([], folder)).toEqual({});
  });

  it.each([
    ['A: b\n', 'a.yml:1: it has no `environment:` with the variables below it'],
    ['A=b\n', 'a.yml:1: must be a map'],
    ['environment:\n  - A=b\n', 'a.yml:2: environment must be a map such as {"exec_timeout":"10s"}'],
    ['environment:\n  OK: a\n  "A B": c\n', 'a.yml:3: environment.A B is not a name for an environment variable'],
    ['environment:\n\tA: b\n', 'a.yml:2: tabs are not allowed as indentation'],
  ])('rejects %j with file and line', async (text, problem) => {
    write('a.yml', text);
    const error: unknown = await readEnvironmentFiles(['a.yml'], folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: 'usage', hint: expect.stringContaining('environment:') });
    expect((error as Error).message.split('\n')).toContain(problem);
  });

  it('names a file that is not there', async () => {
    await expect(readEnvironmentFiles(['none.yml'], folder)).rejects.toMatchObject({ reason: 'notFound', message: 'none.yml does not exist' });
  });
});
