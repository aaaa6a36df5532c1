import { CliError } from '../cli-error';
import type { TextMap } from '../stack/stack-file';
import type { Template } from '../templates/template';

/** Programs of the system that a template installs into the image. */
const PACKAGES = 'ADDITIONAL_PACKAGE';

export interface BuildOptions {
  /** `build_args` of the stack file. */
  readonly fileArgs: TextMap;
  /** `--build-arg KEY=VALUE`, which win. */
  readonly flags: readonly string[];
  /** Names of build options, from the stack file and from flags. */
  readonly options: readonly string[];
}

/** The build arguments of an image. Throws `usage` when a flag is no pair, or the template has no such option. */
export function buildArgsOf(template: Template, { fileArgs, flags, options }: BuildOptions): TextMap {
  const merged = { ...fileArgs, ...parseFlags(flags) };
  const packages = new Set([...wordsOf(merged[PACKAGES] ?? ''), ...options.flatMap((name) => packagesOf(template, name))]);
  return packages.size === 0 ? merged : { ...merged, [PACKAGES]: [...packages].join(' ') };
}

function parseFlags(flags: readonly string[]): TextMap {
  const args: Record<string, string> = {};
  for (const flag of flags) {
    const [, key, value] = /^([^=\s]+)=(.*)$/s.exec(flag) ?? [];
    if (key === undefined || value === undefined) throw new CliError('usage', `the build argument "${flag}" is not of the form KEY=VALUE`);
    // Given several times, it means all of them.
    args[key] = key === PACKAGES && args[key] !== undefined ? `${args[key]} ${value}` : value;
  }
  return args;
}

function packagesOf(template: Template, name: string): readonly string[] {
  const option = template.buildOptions.find((one) => one.name === name);
  if (option !== undefined) return option.packages;
  const known = template.buildOptions.map((one) => one.name).join(', ');
  throw new CliError('usage', `the template ${template.name} has no build option "${name}"; ${known === '' ? 'it has none' : `it has ${known}`}`);
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
