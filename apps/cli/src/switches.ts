import { Option, type Command } from 'commander';

/**
 * Adds a switch that is on or off: `--name`, `--no-name`, and by `goSwitches` `--name=false` too, as people who come from
 * Go's command lines write it. Its value is under the name in camel case.
 *
 * @param description of the one that changes something: `--name`, or `--no-name` when it is on initially. The other is not shown.
 */
export function withSwitch(command: Command, name: string, description: string, initially = false): Command {
  const on = new Option(`--${name}`, description).default(initially);
  const off = new Option(`--no-${name}`, description);
  return command.addOption(initially ? on.hideHelp() : on).addOption(initially ? off : off.hideHelp());
}

/**
 * Turns `--name=true` and `--name=false` into `--name` and `--no-name`, for the switches that `command` and those below it
 * have; `-n=false` too, where that is short for it.
 */
export function goSwitches(command: Command, args: readonly string[]): readonly string[] {
  const names = new Set<string>();
  const longOf = new Map<string, string>();
  const collect = (one: Command) => {
    for (const { short, long, required, optional } of one.options) {
      if (!long || required || optional) continue;
      names.add(long);
      if (short) longOf.set(short, long);
    }
    one.commands.forEach(collect);
  };
  collect(command);
  const end = args.indexOf('--');
  return args.flatMap((arg, index) => {
    if (end !== -1 && index > end) return [arg];
    const [, written, value] = /^(--[a-z][-a-z]*|-[a-z])=(true|false|1|0|t|f)$/i.exec(arg) ?? [];
    const name = longOf.get(written ?? '') ?? written;
    if (name === undefined || !names.has(name)) return [arg];
    if (/^(true|1|t)$/i.test(value!)) return [name];
    const off = `--no-${name.slice(2)}`;
    // What is off unless said needs no word.
    return names.has(off) ? [off] : [];
  });
}
