import { ShoalError } from '@shoal/domain/shared/errors';
import type { Engine } from './engine';
import { hashedObjectName, objectName } from './object-name';
import { OWNER, OWNER_LABEL } from './owned-labels';
import type { SecretReference } from './swarm-types';

/** Labels by which a Swarm secret is known as a function's. They are the truth; its name is for people. */
export const SECRET_LABEL = {
  name: 'com.openfaas.secret.name',
  namespace: 'com.openfaas.secret.namespace',
  version: 'com.openfaas.secret.version',
} as const;

const MOUNT_FOLDER = '/var/openfaas/secrets';

/** Swarm secrets cannot be changed: each value that a secret has had is a Swarm secret of its own. */
export interface SecretVersion {
  readonly namespace: string;
  readonly name: string;
  /** Counts up from 1; 0 for one that was made by hand and only bears the owner's label. */
  readonly version: number;
  /** The Swarm secret's own id and name. */
  readonly id: string;
  readonly swarmName: string;
}

interface SwarmSecret {
  readonly ID: string;
  readonly Spec: { readonly Name: string; readonly Labels: Readonly<Record<string, string>> | null };
}

/** All versions of all secrets, oldest first. */
export async function listSecretVersions(engine: Engine, defaultNamespace: string): Promise<readonly SecretVersion[]> {
  const filters = { label: [`${OWNER_LABEL}=${OWNER}`] };
  const secrets = await engine.ask((docker) => docker.listSecrets({ filters }) as unknown as Promise<readonly SwarmSecret[]>);
  return secrets.map((secret) => toVersion(secret, defaultNamespace)).sort((a, b) => a.version - b.version);
}

function toVersion({ ID, Spec }: SwarmSecret, defaultNamespace: string): SecretVersion {
  const labels = Spec.Labels ?? {};
  return {
    namespace: labels[SECRET_LABEL.namespace] ?? defaultNamespace,
    name: labels[SECRET_LABEL.name] ?? Spec.Name,
    version: Number(labels[SECRET_LABEL.version] ?? 0),
    id: ID,
    swarmName: Spec.Name,
  };
}

/**
 * What a version may be called in `docker secret ls`, the best first: `db-password`, then `db-password.v2`, and
 * `<namespace>_db-password` outside the default namespace; with a hash when that is too long, or taken by somebody else.
 */
export function swarmNamesFor(secret: Pick<SecretVersion, 'namespace' | 'name' | 'version'>, defaultNamespace: string): readonly string[] {
  const { namespace, name, version } = secret;
  const text = namespace === defaultNamespace ? name : `${namespace}_${name}`;
  const ending = version > 1 ? `.v${version}` : '';
  return [objectName(text, ending), hashedObjectName(text, ending)];
}

/**
 * How a function is given the newest versions of the secrets that it names. Rejects with `invalid-request` that says
 * which ones are missing.
 */
export async function resolveSecrets(
  engine: Engine,
  namespace: string,
  names: readonly string[],
  defaultNamespace: string,
): Promise<readonly SecretReference[]> {
  if (names.length === 0) return [];
  const versions = await listSecretVersions(engine, defaultNamespace);
  // The last one of a name is its newest.
  const newest = new Map(versions.filter((version) => version.namespace === namespace).map((version) => [version.name, version]));
  const missing = names.filter((name) => !newest.has(name));
  if (missing.length > 0) throw new ShoalError('invalid-request', `secrets: namespace ${namespace} has no secret ${missing.join(', ')}`);
  return names.map((name) => toReference(newest.get(name)!));
}

function toReference({ id, swarmName, name }: SecretVersion): SecretReference {
  return { SecretID: id, SecretName: swarmName, File: { Name: `${MOUNT_FOLDER}/${name}`, UID: '0', GID: '0', Mode: 0o444 } };
}
