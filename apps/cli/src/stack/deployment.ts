import { CliError } from '../cli-error';
import type { FunctionDeployment } from '../gateway/deploy-function';
import type { StackFunction, TextMap } from './stack-file';

/** What flags say about each function that is deployed. */
export interface DeploymentFlags {
  readonly env?: TextMap | undefined;
  readonly labels?: TextMap | undefined;
  readonly annotations?: TextMap | undefined;
  readonly secrets?: readonly string[] | undefined;
  readonly constraints?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface DeploymentFacts {
  /** From its environment files. */
  readonly fileEnvironment?: TextMap | undefined;
  /** The command that its template names. */
  readonly templateProcess?: string | undefined;
  /** The image as it was tagged; the function's own by default. */
  readonly image?: string | undefined;
}

/**
 * What is sent to deploy a function of a stack file (wire contract §7.3). Pure.
 *
 * @throws CliError `usage` for a function without image.
 */
export function deploymentOf(stackFunction: StackFunction, flags: DeploymentFlags, { fileEnvironment = {}, templateProcess, image = stackFunction.image }: DeploymentFacts = {}): FunctionDeployment {
  const { name, fprocess, limits, requests } = stackFunction;
  if (!image) throw new CliError('usage', `function ${name} has no image`, 'name it with `image:` in the stack file, or with --image where there is none');
  const envVars = { ...stackFunction.environment, ...fileEnvironment, ...flags.env };
  const constraints = [...new Set(stackFunction.constraints ?? flags.constraints)];
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
    labels: { ...stackFunction.labels, ...flags.labels },
    annotations: { ...stackFunction.annotations, ...flags.annotations },
    ...(limits?.memory || limits?.cpu ? { limits } : {}),
    ...(requests?.memory || requests?.cpu ? { requests } : {}),
    ...(stackFunction.readOnlyRootFilesystem || flags.readOnly ? { readOnlyRootFilesystem: true } : {}),
  };
}
