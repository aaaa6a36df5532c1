import { Option, type Command } from 'commander';
import { TAG_MODES, type TagMode } from '../build/image-name';
import { pairOption } from '../pair-option';
import type { TextMap } from '../stack/stack-file';
import { withSwitch } from '../switches';
import { collect, withParallel, type ProjectOptions } from './project-options';

/** What building can be told, by `build`, `publish` and `up`. */
export interface BuildFlags extends ProjectOptions {
  readonly buildArg: readonly string[];
  readonly buildOption: readonly string[];
  readonly buildLabel?: TextMap;
  readonly copyExtra: readonly string[];
  readonly cache: boolean;
  readonly squash: boolean;
  readonly quiet: boolean;
  readonly shrinkwrap: boolean;
  readonly tag: TagMode;
  readonly disableStackPull: boolean;
  readonly parallel: number;
}

/** Adds the flags of builds (wire contract §7.2). */
export function withBuildFlags(command: Command): Command {
  withParallel(command)
    .option('-b, --build-arg <name=value>', 'an argument for the Dockerfile, no secret; may be repeated', collect, [])
    .option('-o, --build-option <name>', 'a build option of the template, such as native; may be repeated', collect, [])
    .addOption(pairOption('--build-label <name=value>', 'a label for the image; may be repeated'))
    .option('--copy-extra <path>', 'something of this folder that goes beside the handler; may be repeated', collect, [])
    .option('--no-cache', 'build images from the beginning');
  withSwitch(command, 'squash', 'make one layer of the image, where the engine can');
  withSwitch(command, 'quiet', 'say only what goes wrong');
  withSwitch(command, 'shrinkwrap', 'only put together what an image is built from, in ./build/NAME');
  withSwitch(command, 'disable-stack-pull', 'do not fetch the templates that the stack file names');
  return withTag(command);
}

/** Adds `--tag`, by which images are named. */
export function withTag(command: Command): Command {
  return command.addOption(new Option('--tag <mode>', 'how images are tagged: as the stack file says, or by the commit, or by their contents').choices(TAG_MODES).default('latest'));
}
