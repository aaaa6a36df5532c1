import { cliReference } from './cli-reference';
import { wholeProgram } from './whole-program';

/** What `tools/write-docs.mjs` writes: files, relative to the root of the checkout, and their texts. */
export async function writtenFiles(): Promise<readonly (readonly [file: string, text: string])[]> {
  return [['docs/cli.md', cliReference(await wholeProgram())]];
}
