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
  readonly schedule?: FunctionSchedule;
  readonly updating?: boolean;
  readonly notReadyBecause?: string;
  readonly rolledBackBecause?: string;
}

/** When a function is called by the clock. */
export interface FunctionSchedule {
  readonly cron: string;
  readonly timeZone: string;
  /** What becomes of runs that were missed. */
  readonly missed: 'skip' | 'once';
  readonly nextRun?: string;
  readonly lastRun?: string;
}

/** What one function is told from others by. */
export interface FunctionId {
  readonly name: string;
  readonly namespace: string;
}

/** A function that is shown is read again after this, because others may change it. */
export const STATUS_EVERY_MS = 5_000;

/**
 * Where the API has something of a function.
 *
 * @param of its id, or its key: `name.namespace`.
 * @param part `scaling` or `statistics`; the function itself when left out.
 */
export function functionPath(of: FunctionId | string, part?: 'scaling' | 'statistics'): string {
  const { name, namespace } = typeof of === 'string' ? idOf(of) : of;
  return `system/function/${encodeURIComponent(name)}${part === undefined ? '' : `/${part}`}?namespace=${encodeURIComponent(namespace)}`;
}

function idOf(key: string): FunctionId {
  const dot = key.indexOf('.');
  return dot < 0 ? { name: key, namespace: '' } : { name: key.slice(0, dot), namespace: key.slice(dot + 1) };
}
