import { CliError } from '../cli-error';
import type { FunctionDeployment } from '../gateway/deploy-function';
import type { StackFunction, TextMap } from './stack-file';

/** What flags say about each function that is deployed. */
export interface DeploymentFlags {
  /** `KEY=VALUE`; so are labels and annotations. */
  readonly env?: readonly string[];
  readonly labels?: readonly string[];
  readonly annotations?: readonly string[];
  readonly secrets?: readonly string[];
  readonly constraints?: readonly string[];
  readonly namespace?: string | undefined;
  readonly readOnly?: boolean;
}

export interface DeploymentFacts {
  /** From its environment files. */
  readonly fileEnvironment?: TextMap;
  /** The command that its template names. */
  readonly templateProcess?: string | undefined;
  /** The image as it was tagged; the function's own by default. */
  readonly image?: string;
}

/**
 * What is sent to deploy a function of a stack file (wire contract §7.3). Pure.
 *
 * @throws CliError `usage` for a function without image, and for a flag that is not `KEY=VALUE`.
 */
export function deploymentOf(stackFunction: StackFunction, flags: DeploymentFlags, { fileEnvironment = {}, templateProcess, image = stackFunction.image }: DeploymentFacts = {}): FunctionDeployment {
  const { name, fprocess, limits, requests } = stackFunction;
  if (!image) throw new CliError('usage', `function ${name} has no image`, 'name it with `image:` in the stack file, or with --image where there is none');
  const envVars = { ...stackFunction.environment, ...fileEnvironment, ...pairs(flags.env, { flag: '--env', emptyAllowed: false }) };
  const constraints = stackFunction.constraints ?? flags.constraints ?? [];
  const secrets = [...new Set([...(flags.secrets ?? []), ...stackFunction.secrets])];
  const namespace = flags.namespace || stackFunction.namespace;
  const envProcess = fprocess || templateProcess;
  return {
    service: name,
    image,
    ...(namespace ? { namespace } : {}),
    ...(envProcess ? { envProcess } : {}),
    ...(Object.keys(envVars).length > 0 ? { envVars } : {}),
    ...(constraints.length > 0 ? { constraints } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
    labels: { ...stackFunction.labels, ...pairs(flags.labels, { flag: '--label' }) },
    annotations: { ...stackFunction.annotations, ...pairs(flags.annotations, { flag: '--annotation' }) },
    ...(limits?.memory || limits?.cpu ? { limits } : {}),
    ...(requests?.memory || requests?.cpu ? { requests } : {}),
    ...(stackFunction.readOnlyRootFilesystem || flags.readOnly ? { readOnlyRootFilesystem: true } : {}),
  };
}

/** Of one flag that was given several times; the last one of a key wins. */
function pairs(texts: readonly string[] = [], { flag, emptyAllowed = true }: { readonly flag: string; readonly emptyAllowed?: boolean }): TextMap {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      const key = text.slice(0, Math.max(0, at)).trim();
      // Nothing of the value is shown: it may be a secret.
      if (key === '') throw new CliError('usage', `${at < 0 ? `${flag} is not KEY=VALUE` : `${flag} has no name before its =`}`, `write ${flag} NAME=value`);
      const value = text.slice(at + 1);
      if (value === '' && !emptyAllowed) throw new CliError('usage', `${flag} ${key}= has no value`, `write ${flag} ${key}=value, or leave it out`);
      return [key, value];
    }),
  );
}
