import type { FunctionDeployment } from '../gateway/deploy-function';

/** What is deployed, in a namespace that is known. */
export type PlacedDeployment = FunctionDeployment & { readonly namespace: string };

/** Where a function finds its secrets, each in a file of its name. */
export const SECRETS_FOLDER = '/var/openfaas/secrets';
