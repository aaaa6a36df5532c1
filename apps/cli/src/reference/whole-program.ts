import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { COMMANDS } from '../commands';
import { createProgram } from '../program';

/** The program with all of its commands, to look at: nothing that they write arrives anywhere. */
export async function wholeProgram(): Promise<Command> {
  const { signal } = new AbortController();
  const terminal = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), env: {}, cwd: '/', home: '/', signal };
  return await createProgram(terminal, ...COMMANDS);
}
