import type { Namespaces } from '../namespaces/namespaces';
import { MAX_REPLICAS, parseScalingPolicy, SCALE_LABEL, SCALING_TYPES, type ScalingType } from '../scaling/scaling-policy';
import type { SecretStore } from '../secrets/secret-store';
import { ShoalError } from '../shared/errors';
import type { FunctionProvider, FunctionState } from './function-provider';
import { functionKey, type FunctionId, type FunctionSpec } from './function-spec';

/** Of secrets that are missing; a message is to be read. */
const MAX_NAMES_SHOWN = 10;

/** What depends on how this gateway is set up. */
export interface FunctionsOptions {
  /** What functions may scale by, because somebody measures it. */
  readonly measured?: readonly ScalingType[];
  /** Rejects a schedule that can never be with `invalid-request`. */
  readonly requireSchedule?: (spec: FunctionSpec) => unknown;
}

/** Deploying and looking after functions. Every method may reject as its provider does. */
export class Functions {
  constructor(
    private readonly provider: FunctionProvider,
    private readonly namespaces: Namespaces,
    private readonly secrets: SecretStore,
    private readonly options: FunctionsOptions = {},
  ) {}

  /** Creates or replaces. Rejects with `invalid-request` when its namespace or one of its secrets does not exist, or nobody measures what it is to scale by. */
  async deploy(spec: FunctionSpec): Promise<void> {
    if (!(await this.namespaces.exists(spec.id.namespace))) {
      throw new ShoalError('invalid-request', `namespace ${spec.id.namespace} does not exist`);
    }
    const { type } = parseScalingPolicy(spec.labels);
    const { measured = SCALING_TYPES, requireSchedule } = this.options;
    if (!measured.includes(type)) {
      throw new ShoalError('invalid-request', `labels.${SCALE_LABEL}type: nobody measures ${type} here; ${measured.join(', ')} can be had`);
    }
    requireSchedule?.(spec);
    await this.requireSecrets(spec);
    await this.provider.apply(spec);
  }

  /** As `deploy`, but rejects with `function-not-found` what is not there yet. */
  async update(spec: FunctionSpec): Promise<void> {
    await this.get(spec.id);
    await this.deploy(spec);
  }

  /** Rejects with `function-not-found`. */
  async remove(id: FunctionId): Promise<void> {
    await this.get(id);
    await this.provider.remove(id);
  }

  /** Rejects with `function-not-found`, and with `invalid-request` for more than `MAX_REPLICAS`. */
  async scale(id: FunctionId, replicas: number): Promise<void> {
    if (replicas > MAX_REPLICAS) throw new ShoalError('invalid-request', `replicas must be at most ${MAX_REPLICAS}`);
    await this.provider.scale(id, replicas);
  }

  /** Rejects with `function-not-found`. */
  async get(id: FunctionId): Promise<FunctionState> {
    const state = await this.provider.find(id);
    if (!state) throw new ShoalError('function-not-found', `function ${functionKey(id)} does not exist`);
    return state;
  }

  async list(namespace: string): Promise<readonly FunctionState[]> {
    return this.provider.list(namespace);
  }

  private async requireSecrets(spec: FunctionSpec): Promise<void> {
    if (spec.secrets.length === 0) return;
    const { namespace } = spec.id;
    const known = new Set(await this.secrets.list(namespace));
    const missing = spec.secrets.filter((name) => !known.has(name));
    if (missing.length > 0) {
      throw new ShoalError('invalid-request', `secrets: ${shownNames(missing)} not found in namespace ${namespace}`);
    }
  }
}

/** The first of them, when there are many. */
function shownNames(names: readonly string[]): string {
  const left = names.length - MAX_NAMES_SHOWN;
  return names.slice(0, MAX_NAMES_SHOWN).join(', ') + (left > 0 ? ` and ${left} more` : '');
}
