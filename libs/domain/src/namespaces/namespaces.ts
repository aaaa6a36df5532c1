import type { FunctionProvider } from '../functions/function-provider';
import { parseName, parseTextMap } from '../functions/function-spec';
import type { SecretStore } from '../secrets/secret-store';
import { ShoalError } from '../shared/errors';
import { shownText } from '../shared/shown-text';
import type { Namespace, NamespaceStore } from './namespace-store';

/** The mark that says a namespace may hold functions (wire contract §1.4.11). */
const MARK = 'openfaas';

/** Looking after namespaces. The default one always exists and cannot be changed or removed. */
export class Namespaces {
  constructor(
    private readonly defaultName: string,
    private readonly store: NamespaceStore,
    private readonly provider: FunctionProvider,
    private readonly secrets: SecretStore,
  ) {}

  /** Names, the default one among them, sorted. */
  async names(): Promise<readonly string[]> {
    const others = await this.store.list();
    return [this.defaultName, ...others.map(({ name }) => name)].sort();
  }

  async exists(name: string): Promise<boolean> {
    return name === this.defaultName || (await this.store.list()).some((namespace) => namespace.name === name);
  }

  /** Rejects with `namespace-not-found`. */
  async get(name: string): Promise<Namespace> {
    if (name === this.defaultName) return { name, labels: { [MARK]: '1' }, annotations: { [MARK]: '1' } };
    const found = (await this.store.list()).find((namespace) => namespace.name === name);
    if (!found) throw new ShoalError('namespace-not-found', `namespace ${shownText(name)} does not exist`);
    return found;
  }

  /** Rejects with `invalid-request`, or with `already-exists`. */
  async create(namespace: Namespace): Promise<void> {
    const valid = parseNamespace(namespace);
    if (await this.exists(valid.name)) throw new ShoalError('already-exists', `namespace ${valid.name} exists already`);
    await this.store.put(valid);
  }

  /** Replaces labels and annotations. Rejects with `invalid-request` or `namespace-not-found`. */
  async update(namespace: Namespace): Promise<void> {
    this.refuseDefault(namespace.name);
    await this.get(namespace.name);
    await this.store.put(parseNamespace(namespace));
  }

  /** Rejects with `namespace-not-found`, and with `in-use` while it holds functions or secrets. */
  async remove(name: string): Promise<void> {
    this.refuseDefault(name);
    await this.get(name);
    const functions = (await this.provider.list(name)).length;
    const secrets = (await this.secrets.list(name)).length;
    if (functions + secrets > 0) {
      throw new ShoalError('in-use', `namespace ${name} still holds ${functions} functions and ${secrets} secrets`);
    }
    await this.store.remove(name);
  }

  private refuseDefault(name: string): void {
    if (name === this.defaultName) {
      throw new ShoalError('invalid-request', `namespace ${name} is the default one and cannot be changed or removed`);
    }
  }
}

function parseNamespace(namespace: Namespace): Namespace {
  parseName(namespace.name, 'name');
  const mark = namespace.labels[MARK];
  if (mark !== '1' && mark !== 'true') throw new ShoalError('invalid-request', `labels.${MARK} must be 1 or true`);
  return {
    name: namespace.name,
    labels: parseTextMap(namespace.labels, 'labels'),
    annotations: parseTextMap(namespace.annotations, 'annotations'),
  };
}
