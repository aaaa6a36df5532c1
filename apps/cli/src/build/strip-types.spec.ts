import { strippedName, stripTypes } from './strip-types';

describe('stripTypes()', () => {
  it('takes types out, and leaves each line where it is', async () => {
    const code = "import type { Event } from './types.ts';\nimport { b, type C } from './b.ts';\nenum Level { Low = 1 }\nexport default async (event: Event): Promise<C> => b(event as never)!;\nexport { Level };\n";
    const lines = (await stripTypes(code, 'handler.ts')).split('\n');
    expect(lines).toHaveLength(code.split('\n').length);
    expect(lines[1]).toMatch(/^import \{ b,? *\} from '.\/b.js';$/);
    expect(lines[3]).toBe('export default async (event) => b(event );');
  });

  it('renames only what is imported from files beside it', async () => {
    const code = "import './a.mts';\nexport * from \"../c.cts\";\nawait import('./d.ts');\nimport 'package/e.ts';\nconst text = './f.ts';\nexport { text };\n";
    expect(await stripTypes(code, 'handler.ts')).toBe("import './a.mjs';\nexport * from \"../c.cjs\";\nawait import('./d.js');\nimport 'package/e.ts';\nconst text = './f.ts';\nexport { text };\n");
  });

  it('rejects with build, and says where, when it is no TypeScript', async () => {
    await expect(stripTypes('const a = ;\n', '/x/handler.ts')).rejects.toMatchObject({ reason: 'build', message: expect.stringMatching(/^\/x\/handler\.ts does not compile: .*\(1:11\)$/) });
  });
});

describe('strippedName()', () => {
  it.each([
    ['a/b.ts', 'a/b.js'],
    ['b.mts', 'b.mjs'],
    ['b.cts', 'b.cjs'],
    ['b.test.ts', 'b.test.js'],
    ['b.d.ts', ''],
    ['b.js', undefined],
    ['ts', undefined],
  ])('of %s is %s', (path, name) => {
    expect(strippedName(path)).toBe(name);
  });
});
