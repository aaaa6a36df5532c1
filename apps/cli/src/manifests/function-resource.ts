import type { FunctionDeployment } from '../gateway/deploy-function';
import type { PlacedDeployment } from './placed-deployment';

/** As the custom resource Function of OpenFaaS's operator, `openfaas.com/v1`. */
export function functionResource({ namespace, service, envProcess, envVars, readOnlyRootFilesystem, ...others }: PlacedDeployment): object {
  return {
    apiVersion: 'openfaas.com/v1',
    kind: 'Function',
    metadata: { name: service, namespace },
    spec: {
      name: service,
      image: others.image,
      ...(envProcess ? { handler: envProcess } : {}),
      ...(readOnlyRootFilesystem ? { readOnlyRootFilesystem } : {}),
      ...filled({ environment: envVars, labels: others.labels, annotations: others.annotations, constraints: others.constraints, secrets: others.secrets, limits: others.limits, requests: others.requests }),
    },
  };
}

type Part = FunctionDeployment[keyof FunctionDeployment];

/** Without what is empty. */
function filled(parts: Readonly<Record<string, Part>>): object {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined && Object.keys(part).length > 0));
}
