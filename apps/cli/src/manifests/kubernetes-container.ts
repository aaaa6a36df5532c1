import { parseCpuMillis, parseMemoryBytes } from '@shoal/domain/shared/quantity';
import type { ResourceAmounts } from '../gateway/api';
import { SECRETS_FOLDER, type PlacedDeployment } from './placed-deployment';

/** What Kubernetes understands as others do: in it, `10m` of memory are thousandths of a byte. */
const KUBERNETES_MEMORY = /^\d+(\.\d+)?([KMGTP]i)?$/;

/** The variables of a function's container, as a list; in it `$(NAME)` would be another variable's value. */
export function environmentOf({ envProcess, envVars }: PlacedDeployment): readonly object[] {
  const all = { ...(envProcess ? { fprocess: envProcess } : {}), ...envVars };
  return Object.entries(all).map(([name, value]) => ({ name, value: value.replaceAll('$(', '$$$$(') }));
}

/** Requests and limits; empty when there are none. */
export function resourcesOf({ limits, requests }: PlacedDeployment): object {
  const resources = { ...(limits ? { limits: amountsOf(limits) } : {}), ...(requests ? { requests: amountsOf(requests) } : {}) };
  return Object.keys(resources).length === 0 ? {} : { resources };
}

function amountsOf({ memory, cpu }: ResourceAmounts): object {
  return {
    ...(memory ? { memory: KUBERNETES_MEMORY.test(memory) ? memory : String(parseMemoryBytes(memory)) } : {}),
    ...(cpu ? { cpu: `${parseCpuMillis(cpu)}m` } : {}),
  };
}

/** All secrets in one folder, which is a volume, and `/tmp` where all else is read-only; each is empty when there is none. */
export function volumesOf({ secrets = [], readOnlyRootFilesystem }: PlacedDeployment): { readonly mounts: object; readonly volumes: object } {
  const ofSecrets = {
    volume: { name: 'secrets', projected: { defaultMode: 0o444, sources: secrets.map((name) => ({ secret: { name } })) } },
    mount: { name: 'secrets', mountPath: SECRETS_FOLDER, readOnly: true },
  };
  const ofTmp = { volume: { name: 'tmp', emptyDir: {} }, mount: { name: 'tmp', mountPath: '/tmp' } };
  const all = [...(secrets.length > 0 ? [ofSecrets] : []), ...(readOnlyRootFilesystem ? [ofTmp] : [])];
  return all.length === 0 ? { mounts: {}, volumes: {} } : { mounts: { volumeMounts: all.map(({ mount }) => mount) }, volumes: { volumes: all.map(({ volume }) => volume) } };
}
