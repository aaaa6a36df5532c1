import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resources } from '@shoal/domain/functions/function-spec';
import { readSource, shownSource } from './read-source';
import { readStack } from './read-stack';
import { selectFunctions, selectorOf } from './select-functions';
import { substitute } from './substitute';

export type TextMap = Readonly<Record<string, string>>;

/** One function of a stack file. Lists and maps that the file does not have are empty. */
export interface StackFunction {
  readonly name: string;
  /** A template's name, or `dockerfile`. */
  readonly lang?: string;
  /** Folder with the code, relative to `StackFile.folder`. */
  readonly handler?: string;
  readonly image?: string;
  readonly fprocess?: string;
  /** Values are the text as it is written in the file: `1.10` is not 1.1. */
  readonly environment: TextMap;
  /** Relative to `StackFile.folder`; a later file wins. */
  readonly environmentFiles: readonly string[];
  readonly secrets: readonly string[];
  readonly skipBuild: boolean;
  /** `undefined` when the file does not say, so that flags count; an empty list says that there are none. */
  readonly constraints?: readonly string[];
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly limits?: Resources;
  readonly requests?: Resources;
  readonly readOnlyRootFilesystem: boolean;
  readonly buildArgs: TextMap;
  readonly buildOptions: readonly string[];
  /** Such as `linux/amd64,linux/arm64`. */
  readonly platforms?: string;
  readonly buildSecrets: TextMap;
  readonly namespace?: string;
}

/** What a stack file says, after substitution, checks and the filter. */
export interface StackFile {
  /** As it was given or found; what messages name. */
  readonly path: string;
  /** Absolute. Relative paths in the file start here: where the command runs, whichever folder the file is in. */
  readonly folder: string;
  readonly provider: { readonly name: string; readonly gateway?: string };
  /** By name, in the file's order; empty when the file has none. */
  readonly functions: ReadonlyMap<string, StackFunction>;
  readonly configuration: {
    readonly templates: readonly { readonly name: string; readonly source?: string }[];
    /** Relative to `folder`. */
    readonly copy: readonly string[];
  };
  /** What was ignored and should perhaps not be, one text each, with file and line. */
  readonly warnings: readonly string[];
}

export interface StackFileOptions {
  /** Path or http(s) URL; `stack.yaml`, then `stack.yml` in `cwd` when undefined. */
  readonly file: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `${VAR}` in the file is substituted. */
  readonly envsubst: boolean;
  /** Only functions whose name matches; `*` stands for any text. */
  readonly filter?: string | undefined;
  /** Only functions whose name matches this regular expression anywhere. */
  readonly regex?: string | undefined;
}

/** In this order. */
const DEFAULT_FILES: readonly string[] = ['stack.yaml', 'stack.yml'];

/** Reads a stack file; `undefined` when none was named and none is there. Rejects with `CliError`. */
export async function loadStackFile({ file, cwd, env, envsubst, filter, regex }: StackFileOptions): Promise<StackFile | undefined> {
  const isMeant = selectorOf({ filter, regex });
  const source = file || (await defaultFile(cwd));
  if (source === undefined) return undefined;
  const path = shownSource(source);
  const written = await readSource(source, cwd);
  const stack = readStack(envsubst ? substitute(written, env, { path }) : written, path);
  return { ...stack, path, folder: cwd, functions: selectFunctions(stack.functions, isMeant) };
}

async function defaultFile(cwd: string): Promise<string | undefined> {
  for (const name of DEFAULT_FILES) {
    const found = await stat(join(cwd, name)).catch(() => undefined);
    if (found?.isFile()) return name;
  }
  return undefined;
}
