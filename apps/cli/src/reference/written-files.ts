import { cliReference } from './cli-reference';
import { wholeProgram } from './whole-program';
import { stackSchema } from '../stack/stack-schema';

/** What `tools/write-docs.mjs` writes: files, relative to the root of the checkout, and their texts. */
export async function writtenFiles(): Promise<readonly (readonly [file: string, text: string])[]> {
  return [
    ['docs/cli.md', cliReference(await wholeProgram())],
    ['docs/stack.schema.json', `${JSON.stringify(stackSchema(), undefined, 2)}\n`],
  ];
}
