import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readStack } from './read-stack';
import { FUNCTION_KEYS, RESOURCE_KEYS, TOP_KEYS } from './stack-keys';
import { stackSchema } from './stack-schema';

const docs = join(__dirname, '../../../../docs');

describe('stackSchema()', () => {
  it('is docs/stack.schema.json (node tools/write-docs.mjs writes it anew)', () => {
    expect(JSON.parse(readFileSync(join(docs, 'stack.schema.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(stackSchema())));
  });

  it('describes each key that is read, with an example that is taken', () => {
    const schema = stackSchema() as { readonly $defs: { readonly function: { readonly properties: Record<string, { description: string; examples: unknown[] }> } } };
    const { properties } = schema.$defs.function;
    expect(Object.keys(properties)).toEqual(FUNCTION_KEYS.map(({ key }) => key));
    const fn = Object.fromEntries(Object.entries(properties).map(([key, { examples }]) => [key, examples[0]]));
    const stack = readStack(stringify({ version: TOP_KEYS.version.example, provider: TOP_KEYS.provider.example, functions: { echo: fn }, configuration: TOP_KEYS.configuration.example }), 'stack.yml');
    expect(stack.warnings).toEqual([]);
    const echo = stack.functions.get('echo')!;
    for (const { field, example } of FUNCTION_KEYS) expect([field, echo[field]]).toEqual([field, example]);
  });
});

describe('docs/stack-file.md', () => {
  const page = readFileSync(join(docs, 'stack-file.md'), 'utf8');

  it.each([...FUNCTION_KEYS, ...RESOURCE_KEYS, ...Object.values(TOP_KEYS)].map(({ key }) => key))('explains %s', (key) => {
    expect(page).toContain(`\`${key}\``);
  });

  it('has an example that is read without a warning', () => {
    const example = /```yaml\n([^]*?)```/.exec(page)![1]!;
    const stack = readStack(example.replaceAll(/\$\{PREFIX:-([^}]*)\}/g, '$1'), 'stack.yml');
    expect([...stack.functions.keys()]).toEqual(['resize', 'report']);
    expect(stack.warnings).toEqual([]);
  });
});
