import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { withSwitch } from '../switches';
import type { BuildFlags } from './build-flags';
import { collect } from './project-options';

/** What publishing can be told, by `publish` and by `up --publish`. */
export interface PublishFlags extends BuildFlags {
  readonly platforms?: string;
  readonly extraTag: readonly string[];
  readonly resetQemu: boolean;
  readonly remoteBuilder?: string;
  readonly payloadSecret?: string;
}

/** Where neither the flag nor the stack file says. */
export const DEFAULT_PLATFORMS = 'linux/amd64';

/** Adds the flags of publishing (wire contract §7.2). */
export function withPublishFlags(command: Command): Command {
  command
    .option('--platforms <list>', `such as linux/amd64,linux/arm64 (default: of the stack file, or ${DEFAULT_PLATFORMS})`)
    .option('--extra-tag <tag>', 'one more tag for published images; may be repeated', collect, [])
    .option('--remote-builder <url>', 'a builder that does it elsewhere')
    .option('--payload-secret <file>', 'the file with the secret that signs what is sent there');
  return withSwitch(command, 'reset-qemu', 'let the engine run programs of other processors anew, by a privileged container');
}

/** Rejects with `usage` what cannot be meant. */
export function requireSecretOfBuilder({ remoteBuilder, payloadSecret }: PublishFlags): void {
  if (remoteBuilder !== undefined && payloadSecret === undefined) throw new CliError('usage', '--remote-builder needs --payload-secret', 'it names a file with the secret that the builder knows too');
}
