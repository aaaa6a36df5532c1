/** A function as `GET /system/function/NAME` tells it. */
export interface FunctionStatus {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly envProcess?: string;
  readonly envVars?: Readonly<Record<string, string>>;
  readonly constraints?: readonly string[];
  /** Names. */
  readonly secrets?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly limits?: Resources;
  readonly requests?: Resources;
  readonly readOnlyRootFilesystem?: boolean;
  readonly createdAt: string;
  readonly schedule?: FunctionSchedule;
}

export interface Resources {
  readonly memory?: string;
  readonly cpu?: string;
}

export interface FunctionSchedule {
  readonly cron: string;
  readonly timeZone: string;
  /** What becomes of runs that were missed. */
  readonly missed: 'skip' | 'once';
  readonly nextRun?: string;
  readonly lastRun?: string;
}

/** A function is read again after this, because others may change it. */
export const STATUS_EVERY_MS = 5_000;

/** Where the API has something of a function. @param part `scaling`, `statistics`; the function itself when left out. */
export function functionPath({ name, namespace }: { readonly name: string; readonly namespace: string }, part?: string): string {
  return `system/function/${encodeURIComponent(name)}${part === undefined ? '' : `/${part}`}?namespace=${encodeURIComponent(namespace)}`;
}
