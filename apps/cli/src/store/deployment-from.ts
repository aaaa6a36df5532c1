import type { FunctionDeployment } from '../gateway/deploy-function';
import type { TextMap } from '../stack/stack-file';
import type { StoreFunction } from './store-function';

export interface StoreDeployFlags {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly env?: TextMap | undefined;
  readonly label?: TextMap | undefined;
  readonly annotation?: TextMap | undefined;
  readonly secret?: readonly string[] | undefined;
  readonly constraint?: readonly string[] | undefined;
}

/** What is sent to deploy a function of a store. As wire contract §7.2 merges: the store's labels and annotations win, its environment does not. Pure. */
export function deploymentFrom(one: StoreFunction, image: string, flags: StoreDeployFlags): FunctionDeployment {
  return {
    service: flags.name ?? one.name,
    image,
    ...(flags.namespace ? { namespace: flags.namespace } : {}),
    ...(one.fprocess === undefined ? {} : { envProcess: one.fprocess }),
    envVars: { ...one.environment, ...flags.env },
    constraints: flags.constraint ?? [],
    secrets: [...new Set(flags.secret ?? [])],
    labels: { ...flags.label, ...one.labels },
    annotations: { ...flags.annotation, ...one.annotations },
    readOnlyRootFilesystem: one.readOnlyRootFilesystem,
  };
}
