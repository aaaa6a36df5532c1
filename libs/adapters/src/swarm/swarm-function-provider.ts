import type { FunctionChange, FunctionProvider, FunctionState, StopWatching } from '@shoal/domain/functions/function-provider';
import { functionKey, type FunctionId, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { parseScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { AuthConfig } from 'dockerode';
import { statusOf, type Engine } from './engine';
import { pinnedImage } from './pinned-image';
import { registryCredentials } from './registry-credentials';
import { replicasOf, type FailureCause } from './replica-state';
import { resolveSecrets } from './secret-versions';
import { LABEL, serviceNameOf, toServiceSpec, type ServiceSpecOptions } from './service-spec';
import { SwarmWatch } from './swarm-watch';
import type { SecretReference, Service, ServiceSpec } from './swarm-types';
import { updateService } from './update-service';

/** The label by which the functions' network is found when it is not named. */
const NETWORK_LABEL = 'openfaas=true';
/** Networks that functions may join have this label, with any value. */
const JOINABLE = 'openfaas';
/** Others change the same things at the same time. */
const MAX_ATTEMPTS = 3;
const DEFAULT_SILENCE_MS = 30_000;

export interface SwarmProviderOptions {
  /** Of functions whose service does not say one. */
  readonly defaultNamespace: string;
  /** Name of the functions' network; the first one labelled `openfaas=true` when absent. */
  readonly network?: string | undefined;
  /** A file like Docker's `config.json`, with the credentials of registries. */
  readonly registryConfig?: string | undefined;
  /** How long a call may take when its function does not say. */
  readonly callTimeoutMs: number;
  /** How long a replica that runs may take to listen before callers are told that it does not; 30 s when absent. */
  readonly silenceMs?: number;
  /** For people: the engine went away, or came back. */
  readonly warn: (text: string) => void;
  /** A replica has failed: it ended, or could not be started, without being asked to. */
  readonly replicaFailed: (id: FunctionId, cause: FailureCause) => void;
}

interface Network {
  readonly id: string;
  readonly name: string;
}

/** Runs functions as services of a Docker Swarm. Swarm keeps all state: nothing is lost when a gateway ends. */
export class SwarmFunctionProvider implements FunctionProvider {
  readonly info = { provider: 'faas-swarm', orchestration: 'swarm' };
  private network: Network | undefined;
  private watching: SwarmWatch | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly options: SwarmProviderOptions,
  ) {}

  /** Learns what is there. Rejects with `backend-unavailable` when there is no manager or no functions' network. */
  async start(): Promise<void> {
    const { defaultNamespace, silenceMs = DEFAULT_SILENCE_MS, warn, replicaFailed } = this.options;
    // A plain question that only a manager answers: else a swarm that is not there would seem to lack a network.
    await this.engine.ask((docker) => docker.swarmInspect() as Promise<unknown>);
    this.network = await this.findFunctionsNetwork();
    this.watching = new SwarmWatch(this.engine, { defaultNamespace, network: this.network, silenceMs, warn, replicaFailed });
    await this.watching.start();
  }

  /** Functions go on running. */
  async stop(): Promise<void> {
    this.watching?.stop();
  }

  /** Why the engine cannot be asked; `undefined` while it can. */
  get problem(): string | undefined {
    return this.watching ? this.watching.problem : 'the swarm is not known yet';
  }

  async apply(spec: FunctionSpec): Promise<void> {
    const secretsOf = () => resolveSecrets(this.engine, spec.id.namespace, spec.secrets, this.options.defaultNamespace);
    let secrets = await secretsOf();
    for (let attempt = 1; ; attempt++) {
      await this.write(spec, secrets);
      // One that was given a new value meanwhile has moved the function as it was before.
      const now = await secretsOf();
      if (attempt === MAX_ATTEMPTS || idsOf(now) === idsOf(secrets)) return;
      secrets = now;
    }
  }

  async remove(id: FunctionId): Promise<void> {
    const service = this.known.find(id)?.service;
    if (!service) return;
    await this.engine.find((docker) => docker.getService(service.ID).remove());
    this.known.forget(service.ID);
  }

  async scale(id: FunctionId, replicas: number): Promise<void> {
    const service = this.known.find(id)?.service;
    if (!service) throw notFound(id);
    try {
      await updateService(this.engine, service.ID, ({ Spec }) => ({ ...Spec, Mode: { Replicated: { Replicas: replicas } } }));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      this.known.forget(service.ID);
      throw notFound(id);
    }
    await this.known.refresh(service.ID);
  }

  async find(id: FunctionId): Promise<FunctionState | undefined> {
    return this.known.find(id)?.state;
  }

  async list(namespace: string): Promise<readonly FunctionState[]> {
    return this.known
      .states()
      .filter(({ spec }) => spec.id.namespace === namespace)
      .sort((a, b) => (a.spec.id.name < b.spec.id.name ? -1 : 1));
  }

  async watch(listener: (change: FunctionChange) => void): Promise<StopWatching> {
    return this.known.subscribe(listener);
  }

  /** A call has found nobody at a replica's address: it is tried before it gets another. */
  suspect(id: FunctionId, replicaId: string): void {
    this.watching?.suspect(id, replicaId);
  }

  private async write(spec: FunctionSpec, secrets: readonly SecretReference[]): Promise<void> {
    const { min, max } = parseScalingPolicy(spec.labels);
    const { defaultNamespace, callTimeoutMs, registryConfig } = this.options;
    const [networks, auth] = await Promise.all([this.networksOf(spec), registryCredentials(registryConfig, spec.image)]);
    const image = await pinnedImage(this.engine, spec.image, auth);
    const specWith = (own: Pick<ServiceSpecOptions, 'replicas' | 'forceUpdate'>) =>
      toServiceSpec(spec, { defaultNamespace, networks, secrets, image, callTimeoutMs, ...own });
    const changed = (before: Service) => ({
      ...specWith({ replicas: Math.min(Math.max(replicasOf(before), min), max), forceUpdate: (before.Spec.TaskTemplate.ForceUpdate ?? 0) + 1 }),
      // Somebody else may have made it, under another name; Swarm renames nothing.
      Name: before.Spec.Name,
    });
    for (let attempt = 1; ; attempt++) {
      let serviceId = this.known.find(spec.id)?.service.ID;
      try {
        if (serviceId === undefined) {
          const created = await this.create(specWith({ replicas: min, forceUpdate: 0 }), auth);
          if (created !== undefined) return await this.known.refresh(created);
          // Made a moment ago, or not on our network.
          serviceId = (await this.requireOwn(spec.id)).ID;
        }
        await updateService(this.engine, serviceId, changed, auth);
        return await this.known.refresh(serviceId);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || statusOf(error) !== 404) throw error;
        // Somebody has removed it in between.
        if (serviceId !== undefined) this.known.forget(serviceId);
      }
    }
  }

  /** The new service's id; `undefined` when its name is taken. */
  private async create(spec: ServiceSpec, auth: AuthConfig | undefined): Promise<string | undefined> {
    try {
      const { id } = await this.engine.ask((docker) => (auth ? docker.createService(auth, spec as object) : docker.createService(spec as object)));
      return id;
    } catch (error) {
      if (error instanceof ShoalError && error.code === 'already-exists') return undefined;
      throw error;
    }
  }

  /** The service that has the function's name. Rejects with `already-exists` when it is not the function. */
  private async requireOwn(id: FunctionId): Promise<Service> {
    const name = serviceNameOf(id, this.options.defaultNamespace);
    const service = await this.engine.ask((docker) => docker.getService(name).inspect() as Promise<Service>);
    const labels = service.Spec.Labels ?? {};
    if (labels[LABEL.name] === id.name && (labels[LABEL.namespace] ?? this.options.defaultNamespace) === id.namespace) return service;
    throw new ShoalError('already-exists', `the swarm has a service ${name} that is not function ${functionKey(id)}: choose another name`, { layer: 'provider' });
  }

  private async networksOf({ network }: FunctionSpec): Promise<readonly string[]> {
    const own = this.network!;
    if (network === undefined || network === own.name || network === own.id) return [own.id];
    // Not any: on the platform's own, nobody asks for a password.
    const found = await this.findNetwork({ name: [network], label: [JOINABLE] }, network);
    if (!found) throw new ShoalError('invalid-request', `network: the swarm has no network ${network} with the label ${JOINABLE}`);
    return [own.id, found.id];
  }

  private async findFunctionsNetwork(): Promise<Network> {
    const { network } = this.options;
    const found = await (network === undefined ? this.findNetwork({ label: [NETWORK_LABEL] }) : this.findNetwork({ name: [network] }, network));
    if (found) return found;
    const missing = network === undefined ? `no network labelled ${NETWORK_LABEL}` : `no network ${network}`;
    const make = `docker network create --driver overlay --attachable --label ${NETWORK_LABEL} ${network ?? 'functions'}`;
    throw new ShoalError('backend-unavailable', `the swarm has ${missing} for functions; make one: ${make}`, { layer: 'provider' });
  }

  /** The first by name of those that span the swarm; the engine's own filter takes parts of a name too. */
  private async findNetwork(filters: Record<string, string[]>, exactName?: string): Promise<Network | undefined> {
    const networks = await this.engine.ask((docker) => docker.listNetworks({ filters: { ...filters, scope: ['swarm'] } }));
    return networks
      .map(({ Id, Name }) => ({ id: Id, name: Name }))
      .filter(({ name }) => exactName === undefined || name === exactName)
      .sort((a, b) => (a.name < b.name ? -1 : 1))[0];
  }

  private get known(): SwarmWatch {
    if (!this.watching) throw new ShoalError('backend-unavailable', 'the swarm is not known yet', { layer: 'provider' });
    return this.watching;
  }
}

function notFound(id: FunctionId): ShoalError {
  return new ShoalError('function-not-found', `function ${functionKey(id)} does not exist`);
}

function idsOf(secrets: readonly SecretReference[]): string {
  return secrets.map(({ SecretID }) => SecretID).join();
}
