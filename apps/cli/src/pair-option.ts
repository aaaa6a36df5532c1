import { Option } from 'commander';
import { CliError } from './cli-error';
import type { TextMap } from './stack/stack-file';

/**
 * An option such as `--label key=value` that may be given several times; its value is a map, `undefined` without it. What comes
 * after the first `=` is the value, and later ones win.
 *
 * @param needsValue whether `key=` is an error, as for environment variables (wire contract §7.3).
 */
export function pairOption(flags: string, description: string, { needsValue = false } = {}): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string, before: TextMap | undefined) => {
    const at = text.indexOf('=');
    // Nothing of the value is shown: it may be a secret.
    if (at < 1) throw new CliError('usage', `${option.long} must be KEY=VALUE`);
    if (needsValue && at === text.length - 1) throw new CliError('usage', `${option.long} ${text} has no value`, 'leave it out to have none');
    return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  });
}

/** An option that may be given several times; its value is a list, `undefined` without it. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: readonly string[] = []) => [...before, text]);
}
