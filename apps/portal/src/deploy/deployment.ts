import type { Resources } from '@shoal/domain/functions/function-spec';

type TextMap = Readonly<Record<string, string>>;

/** What is sent to deploy a function (wire contract §1.4.0). */
export interface Deployment {
  readonly service: string;
  readonly namespace: string;
  readonly image: string;
  readonly envProcess?: string;
  readonly envVars?: TextMap;
  readonly constraints?: readonly string[];
  readonly secrets?: readonly string[];
  readonly labels?: TextMap;
  readonly annotations?: TextMap;
  readonly limits?: Resources;
  readonly requests?: Resources;
  readonly readOnlyRootFilesystem?: boolean;
  readonly network?: string;
}

/** A function as the gateway tells it; what is empty is left out. */
export interface DeployedFunction extends Omit<Deployment, 'service'> {
  readonly name: string;
  readonly replicas: number;
  readonly availableReplicas: number;
  readonly updating?: boolean;
  readonly notReadyBecause?: string;
  readonly rolledBackBecause?: string;
}
