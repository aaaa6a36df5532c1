import type { FunctionProvider } from '@shoal/domain/functions/function-provider';
import type { FunctionId } from '@shoal/domain/functions/function-spec';
import type { LogSource } from '@shoal/domain/logs/log-source';
import type { NamespaceStore } from '@shoal/domain/namespaces/namespace-store';
import type { SecretStore } from '@shoal/domain/secrets/secret-store';

/** Everything that depends on where functions run. */
export interface Backend {
  readonly provider: FunctionProvider;
  readonly secretStore: SecretStore;
  readonly namespaceStore: NamespaceStore;
  readonly logSource: LogSource;
  /** For people: where functions run, and where their state is kept. */
  readonly description: { readonly functions: string; readonly data: string };
  /** Resolves once all that was deployed is known. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Why functions cannot be managed now; `undefined` when they can. */
  readonly problem: () => string | undefined;
  /** A call has found nobody at a replica's address. */
  readonly suspect: (id: FunctionId, replicaId: string) => void;
}
