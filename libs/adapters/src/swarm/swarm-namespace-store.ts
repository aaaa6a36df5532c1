import type { Namespace, NamespaceStore } from '@shoal/domain/namespaces/namespace-store';
import { ShoalError } from '@shoal/domain/shared/errors';
import { statusOf, type Engine } from './engine';
import { objectName } from './object-name';
import { OWNER, OWNER_LABEL, prefixed, unprefixed } from './owned-labels';
import { isOutOfSequence, MAX_ATTEMPTS } from './update-service';

const LABEL = {
  name: 'com.openfaas.namespace',
  /** Before the names of the namespace's own. */
  label: 'com.openfaas.namespace.label.',
  annotation: 'com.openfaas.namespace.annotation.',
} as const;

interface Config {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Name: string; readonly Labels: Readonly<Record<string, string>> | null };
}

/** Keeps each namespace as a Swarm config, in its labels: what a config contains cannot be changed. */
export class SwarmNamespaceStore implements NamespaceStore {
  constructor(private readonly engine: Engine) {}

  async list(): Promise<readonly Namespace[]> {
    const configs = await this.listConfigs(`${OWNER_LABEL}=${OWNER}`, LABEL.name);
    return configs.map(toNamespace).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async put(namespace: Namespace): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const config = await this.find(namespace.name);
        return await (config ? this.update(config, namespace) : this.create(namespace));
      } catch (error) {
        if (!isConflict(error) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async remove(name: string): Promise<void> {
    const config = await this.find(name);
    if (config) await this.engine.find((docker) => docker.getConfig(config.ID).remove());
  }

  private async create(namespace: Namespace): Promise<void> {
    // A config must contain something; this is for people who look.
    const Data = Buffer.from(`Namespace ${namespace.name} of functions; see the labels.\n`).toString('base64');
    await this.engine.ask((docker) =>
      docker.createConfig({ Name: objectName(`openfaas-namespace.${namespace.name}`), Labels: labelsOf(namespace), Data }),
    );
  }

  private async update({ ID, Version, Spec }: Config, namespace: Namespace): Promise<void> {
    const options = { _query: { version: Version.Index }, _body: { ...Spec, Labels: labelsOf(namespace) } };
    await this.engine.ask((docker) => docker.getConfig(ID).update(options));
  }

  private async find(name: string): Promise<Config | undefined> {
    return (await this.listConfigs(`${OWNER_LABEL}=${OWNER}`, `${LABEL.name}=${name}`))[0];
  }

  private async listConfigs(...label: string[]): Promise<readonly Config[]> {
    return this.engine.ask((docker) => docker.listConfigs({ filters: { label } }) as unknown as Promise<readonly Config[]>);
  }
}

function labelsOf({ name, labels, annotations }: Namespace): Record<string, string> {
  return { [OWNER_LABEL]: OWNER, [LABEL.name]: name, ...prefixed(labels, LABEL.label), ...prefixed(annotations, LABEL.annotation) };
}

function toNamespace({ Spec }: Config): Namespace {
  const labels = Spec.Labels!;
  return { name: labels[LABEL.name]!, labels: unprefixed(labels, LABEL.label), annotations: unprefixed(labels, LABEL.annotation) };
}

/** Somebody else has created, changed or removed it in between. */
function isConflict(error: unknown): boolean {
  return (error instanceof ShoalError && error.code === 'already-exists') || isOutOfSequence(error) || statusOf(error) === 404;
}
