import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (file: string) => readFileSync(join(__dirname, '..', file), 'utf8');

/** Names in the first column of the first table. */
function documented(markdown: string): string[] {
  const table = markdown.slice(markdown.indexOf('| variable |'), markdown.indexOf('\n\n', markdown.indexOf('| variable |')));
  return [...table.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]!);
}

/** Names that `loadConfig` reads. */
function readByCode(source: string): string[] {
  return [...source.matchAll(/(?:\b(?:read|text|port|flag|duration|bytes|count|hostRules)\(|env\[)'(\w+)'/g)].map((match) => match[1]!);
}

describe('docs/settings.md', () => {
  it('lists exactly the variables that loadConfig reads', () => {
    const names = readByCode(read('apps/gateway/src/config.ts'));
    expect(names.length).toBeGreaterThan(10);
    expect(documented(read('docs/settings.md')).sort()).toEqual([...new Set(names)].sort());
  });
});

describe('docs/watchdog.md', () => {
  it('lists exactly the variables that the watchdog reads', () => {
    const source = read('apps/watchdog/src/config.ts');
    const system = ['TMPDIR', 'TEMP'];
    const names = [...source.matchAll(/env\['(\w+)'\]|port\(env, '(\w+)'/g)].map((match) => (match[1] ?? match[2])!).filter((name) => !system.includes(name));
    expect(names.length).toBeGreaterThan(25);
    expect(documented(read('docs/watchdog.md')).sort()).toEqual([...new Set(names)].sort());
  });
});
