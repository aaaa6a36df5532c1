import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program';

it('findProgram() finds what may be run, in the order of PATH', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-path-'));
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  mkdirSync(join(first, 'folder'), { recursive: true });
  mkdirSync(second);
  for (const path of [join(first, 'a'), join(second, 'a'), join(second, 'b')]) writeFileSync(path, '', { mode: 0o755 });
  writeFileSync(join(first, 'b'), '');
  chmodSync(join(first, 'b'), 0o644);
  const env = { PATH: `${folder}/none:${first}:${second}` };
  expect(await findProgram('a', env)).toBe(join(first, 'a'));
  expect(await findProgram('b', env)).toBe(join(second, 'b'));
  expect(await findProgram('folder', env)).toBeUndefined();
  expect(await findProgram('c', env)).toBeUndefined();
  expect(await findProgram('a', {})).toBeUndefined();
  rmSync(folder, { recursive: true });
});
