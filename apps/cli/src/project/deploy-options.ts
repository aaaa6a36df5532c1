import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { durationOption, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import type { DeployMode } from '../gateway/deploy-function';
import { listOption, pairOption } from '../pair-option';
import type { DeploymentFlags } from '../stack/deployment';
import type { TextMap } from '../stack/stack-file';
import { withSwitch } from '../switches';
import type { ProjectOptions } from './project-options';

/** What deploying can be told, by `deploy` and by `up`. */
export interface DeployOptions extends GatewayOptions, ProjectOptions {
  readonly namespace?: string;
  readonly env?: TextMap;
  readonly label?: TextMap;
  readonly annotation?: TextMap;
  readonly secret?: readonly string[];
  readonly constraint?: readonly string[];
  readonly fprocess?: string;
  readonly readonly: boolean;
  readonly replace: boolean;
  readonly update: boolean;
  readonly readTemplate: boolean;
  readonly wait: boolean;
  /** Milliseconds. */
  readonly waitTimeout: number;
  readonly parallel: number;
}

/** @param wait whether it waits for readiness unless told otherwise. */
export function withDeployOptions(command: Command, wait: boolean): Command {
  withNamespace(withGatewayOptions(command))
    .addOption(pairOption('-e, --env <name=value>', 'a variable for the function; may be repeated', { needsValue: true }))
    .addOption(pairOption('-l, --label <name=value>', 'a label, such as com.openfaas.scale.max=5; may be repeated'))
    .addOption(pairOption('--annotation <name=value>', 'an annotation; may be repeated'))
    .addOption(listOption('--secret <name>', 'a secret that the function may read; may be repeated'))
    .addOption(listOption('--constraint <text>', 'where to run it, in the words of the orchestrator; may be repeated'))
    .option('--fprocess <command>', 'the command to run, for a function that is in no stack file')
    .option('--network <name>', 'accepted and not used: the gateway knows its network');
  withSwitch(command, 'readonly', 'a root filesystem that cannot be written to');
  withSwitch(command, 'replace', 'remove a function of that name first; calls fail meanwhile');
  withSwitch(command, 'update', 'do not touch a function of that name that is there', true);
  withSwitch(command, 'read-template', "do not take the command from the function's template", true);
  withSwitch(command, 'wait', wait ? 'do not wait until functions are ready' : 'wait until functions are ready', wait);
  return command.addOption(durationOption('--wait-timeout <duration>', 'how long they may take for that', '2m'));
}

export function modeOf({ update, replace }: DeployOptions): DeployMode {
  // `--update` is on unless told otherwise, so it says nothing beside --replace.
  if (replace) return 'replace';
  return update ? 'update' : 'create';
}

export function flagsOf({ env, label, annotation, secret, constraint, namespace, readonly: readOnly }: DeployOptions): DeploymentFlags {
  return { env, labels: label, annotations: annotation, secrets: secret, constraints: constraint, namespace, readOnly };
}

/** Rejects what cannot be meant. */
export function requireSensible({ lang, image, name, yaml, fprocess }: DeployOptions): void {
  if (fprocess !== undefined && (name === undefined || yaml !== undefined)) throw new CliError('usage', '--fprocess is for a function that is in no stack file', 'in a stack file it is the key fprocess');
  if (lang !== undefined && name === undefined && image !== undefined) throw new CliError('usage', '--image needs --name');
}
