import type { Resources } from '@shoal/domain/functions/function-spec';

type TextMap = Readonly<Record<string, string>>;

/** A function as `GET /system/function/NAME` tells it; what is empty is left out (wire contract §0.1). */
export interface FunctionStatus {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly envProcess?: string;
  readonly envVars?: TextMap;
  readonly constraints?: readonly string[];
  /** Names. */
  readonly secrets?: readonly string[];
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly limits?: Resources;
  readonly requests?: Resources;
  readonly readOnlyRootFilesystem?: boolean;
  readonly network?: string;
  /** Wanted. */
  readonly replicas: number;
  /** Those that can take calls. */
  readonly availableReplicas: number;
  readonly createdAt: string;
  readonly updating?: boolean;
  readonly notReadyBecause?: string;
  readonly rolledBackBecause?: string;
}

/** What one function is told from others by. */
export interface FunctionId {
  readonly name: string;
  readonly namespace: string;
}

/** Where the API has a function. @param of its id, or its key: `name.namespace`. */
export function functionPath(of: FunctionId | string): string {
  const { name, namespace } = typeof of === 'string' ? idOf(of) : of;
  return `system/function/${encodeURIComponent(name)}?namespace=${encodeURIComponent(namespace)}`;
}

function idOf(key: string): FunctionId {
  const dot = key.indexOf('.');
  return dot < 0 ? { name: key, namespace: '' } : { name: key.slice(0, dot), namespace: key.slice(dot + 1) };
}
