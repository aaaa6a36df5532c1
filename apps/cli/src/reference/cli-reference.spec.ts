import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliReference } from './cli-reference';
import { ENVIRONMENT } from './environment';
import { wholeProgram } from './whole-program';

const root = join(__dirname, '../../../..');

describe('docs/cli.md', () => {
  it('is what cliReference() makes of the commands (node tools/write-docs.mjs writes it anew)', async () => {
    expect(readFileSync(join(root, 'docs/cli.md'), 'utf8')).toBe(cliReference(await wholeProgram()));
  });
});

describe('ENVIRONMENT', () => {
  it('holds exactly the variables that the sources read', () => {
    const folder = join(root, 'apps/cli/src');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
    const read = files.flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/env(?:\['([A-Za-z_]+)'\]|\.([A-Z_]+)\b)/g)].map((match) => (match[1] ?? match[2])!));
    expect(read).toContain('SHOAL_GATEWAY');
    expect(Object.keys(ENVIRONMENT).sort()).toEqual([...new Set(read)].sort());
  });
});
