import type { SecretStore } from '@shoal/domain/secrets/secret-store';
import { ShoalError } from '@shoal/domain/shared/errors';
import { OneAtATime } from '@shoal/domain/shared/one-at-a-time';
import { statusOf, type Engine } from './engine';
import { OWNER, OWNER_LABEL } from './owned-labels';
import { listSecretVersions, SECRET_LABEL, swarmNamesFor, type SecretVersion } from './secret-versions';
import { LABEL } from './service-spec';
import type { Service, ServiceSpec } from './swarm-types';
import { updateService } from './update-service';

/** Swarm's own bound. */
export const MAX_SWARM_SECRET_BYTES = 500 * 1024 - 1;
/** Other gateways update too. */
const MAX_UPDATE_ATTEMPTS = 5;
const IN_USE = /is in use by the following service/;

/**
 * Keeps secrets as Swarm secrets. These cannot be changed, so an update makes a new version under another name, moves
 * the functions that use the secret to it, one replica after the other, and forgets what no service needs any more.
 */
export class SwarmSecretStore implements SecretStore {
  /** The first of two that create the same name is the one that gets it. */
  private readonly writes = new OneAtATime();

  constructor(
    private readonly engine: Engine,
    private readonly defaultNamespace: string,
  ) {}

  async list(namespace: string): Promise<readonly string[]> {
    const versions = await listSecretVersions(this.engine, this.defaultNamespace);
    return [...new Set(versions.filter((version) => version.namespace === namespace).map(({ name }) => name))].sort();
  }

  /** Rejects with `invalid-request` what Swarm cannot keep. */
  create(namespace: string, name: string, value: Uint8Array): Promise<void> {
    return this.writes.run(async () => {
      if ((await this.versionsOf(namespace, name)).length > 0) throw alreadyExists(name);
      await this.createVersion({ namespace, name, version: 1 }, value);
    });
  }

  /** Rejects with `invalid-request` what Swarm cannot keep. Functions that use the secret get new replicas. */
  update(namespace: string, name: string, value: Uint8Array): Promise<void> {
    return this.writes.run(async () => {
      await this.createNextVersion(namespace, name, value);
      const versions = await this.versionsOf(namespace, name);
      await this.moveFunctions(versions);
      await this.forgetUnused(versions);
    });
  }

  /** Rejects with `in-use` as long as any service is given it. */
  remove(namespace: string, name: string): Promise<void> {
    return this.writes.run(async () => {
      const versions = await this.requireVersions(namespace, name);
      // The newest last: if one cannot be removed, the secret still has the value that it had.
      for (const version of versions) await this.removeVersion(version);
    });
  }

  private async createNextVersion(namespace: string, name: string, value: Uint8Array): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const newest = (await this.requireVersions(namespace, name)).at(-1)!.version;
      try {
        // One that was made by hand has number 0 and the name of number 1.
        return await this.createVersion({ namespace, name, version: Math.max(newest, 1) + 1 }, value);
      } catch (error) {
        if (!isCode(error, 'already-exists') || attempt === MAX_UPDATE_ATTEMPTS) throw error;
      }
    }
  }

  /** Rejects with `invalid-request` what Swarm cannot keep, and with `already-exists` when somebody else was faster. */
  private async createVersion(secret: Pick<SecretVersion, 'namespace' | 'name' | 'version'>, value: Uint8Array): Promise<void> {
    requireStorable(value);
    const { namespace, name, version } = secret;
    const Labels = {
      [OWNER_LABEL]: OWNER,
      [SECRET_LABEL.name]: name,
      [SECRET_LABEL.namespace]: namespace,
      [SECRET_LABEL.version]: String(version),
    };
    const Data = Buffer.from(value).toString('base64');
    for (const Name of swarmNamesFor(secret, this.defaultNamespace)) {
      try {
        await this.engine.ask((docker) => docker.createSecret({ Name, Labels, Data }));
        return;
      } catch (error) {
        if (!isCode(error, 'already-exists')) throw error;
        const versions = await this.versionsOf(namespace, name);
        if (versions.some((other) => other.version >= version)) throw alreadyExists(name);
        // Otherwise the name is that of a Swarm secret which is none of this secret's.
      }
    }
    throw new ShoalError('already-exists', `the swarm has other secrets under the names that secret ${name} could have`, { layer: 'provider' });
  }

  /** Gives the newest version to the functions that have an older one; services that are no functions are left alone. */
  private async moveFunctions(versions: readonly SecretVersion[]): Promise<void> {
    const newest = versions.at(-1)!;
    const older = idsOf(versions.slice(0, -1));
    for (const service of await this.listServices([LABEL.name])) {
      if (!secretIdsOf(service.Spec).some((id) => older.has(id))) continue;
      await updateService(this.engine, service.ID, ({ Spec }) => withVersion(Spec, older, newest)).catch(unlessGone);
    }
  }

  /** Keeps the version before the newest even so, because Swarm may be about to take an update back. */
  private async forgetUnused(versions: readonly SecretVersion[]): Promise<void> {
    const services = await this.listServices();
    const needed = new Set(services.flatMap(({ Spec, PreviousSpec }) => [...secretIdsOf(Spec), ...secretIdsOf(PreviousSpec)]));
    for (const version of versions.slice(0, -2)) {
      if (needed.has(version.id)) continue;
      await this.removeVersion(version).catch((error: unknown) => {
        // A service that was made since then uses it.
        if (!isCode(error, 'in-use')) throw error;
      });
    }
  }

  private async removeVersion({ name, id }: SecretVersion): Promise<void> {
    try {
      await this.engine.find((docker) => docker.getSecret(id).remove());
    } catch (error) {
      if (!(error instanceof ShoalError) || !IN_USE.test(error.message)) throw error;
      const users = error.message.replace(/^.* following service/, '');
      throw new ShoalError('in-use', `secret ${name} is in use by service${users}; remove it from there first`, { layer: 'provider' }, { cause: error });
    }
  }

  private async listServices(label?: readonly string[]): Promise<readonly Service[]> {
    const filters = label ? { label: [...label] } : {};
    return this.engine.ask((docker) => docker.listServices({ filters }) as unknown as Promise<Service[]>);
  }

  private async requireVersions(namespace: string, name: string): Promise<readonly SecretVersion[]> {
    const versions = await this.versionsOf(namespace, name);
    if (versions.length === 0) throw new ShoalError('secret-not-found', `secret ${name} does not exist`);
    return versions;
  }

  private async versionsOf(namespace: string, name: string): Promise<readonly SecretVersion[]> {
    const versions = await listSecretVersions(this.engine, this.defaultNamespace);
    return versions.filter((version) => version.namespace === namespace && version.name === name);
  }
}

function requireStorable(value: Uint8Array): void {
  if (value.byteLength === 0) throw new ShoalError('invalid-request', 'value is empty, which Docker Swarm cannot keep as a secret');
  if (value.byteLength <= MAX_SWARM_SECRET_BYTES) return;
  throw new ShoalError('invalid-request', `value is longer than ${MAX_SWARM_SECRET_BYTES} bytes, the most that Docker Swarm can keep as a secret`);
}

function withVersion(spec: ServiceSpec, older: ReadonlySet<string>, { id, swarmName }: SecretVersion): ServiceSpec {
  const { ContainerSpec: container } = spec.TaskTemplate;
  const Secrets = container?.Secrets?.map((secret) => (older.has(secret.SecretID) ? { ...secret, SecretID: id, SecretName: swarmName } : secret));
  return Secrets ? { ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { ...container!, Secrets } } } : spec;
}

function secretIdsOf(spec: ServiceSpec | undefined): readonly string[] {
  return spec?.TaskTemplate.ContainerSpec?.Secrets?.map(({ SecretID }) => SecretID) ?? [];
}

function idsOf(versions: readonly SecretVersion[]): ReadonlySet<string> {
  return new Set(versions.map(({ id }) => id));
}

/** A function that has been removed meanwhile needs nothing. */
function unlessGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}

function isCode(error: unknown, code: ShoalError['code']): error is ShoalError {
  return error instanceof ShoalError && error.code === code;
}

function alreadyExists(name: string): ShoalError {
  return new ShoalError('already-exists', `secret ${name} exists already`);
}
