import type { TextMap } from '../stack/stack-file';

/** What a store offers (wire contract §8.1). Maps that its entry does not have are empty. */
export interface StoreFunction {
  /** What it is deployed as. */
  readonly name: string;
  /** A few words; the name where the store has none. */
  readonly title: string;
  readonly description: string;
  readonly author?: string;
  /** By platform, in lower case: `x86_64`, `arm64`, `armhf`; and `local`, the bundle for a gateway that runs plain processes. */
  readonly images: TextMap;
  readonly fprocess?: string;
  readonly repoUrl?: string;
  readonly icon?: string;
  readonly readOnlyRootFilesystem: boolean;
  readonly environment: TextMap;
  readonly labels: TextMap;
  readonly annotations: TextMap;
}

/** The platform of gateways that run functions as processes of their machine. */
export const LOCAL = 'local';
