import { MemoryWatchingSpawner, type MemoryWatch } from '@shoal/domain/processes/out-of-memory';
import type { Clock } from '@shoal/domain/shared/clock';
import type { FunctionSettings } from './config';
import { ForkingFunction } from './forking-function';
import { FunctionLog, type WriteLine } from './function-log';
import type { HostedFunction } from './hosted-function';
import { HttpFunction, type HttpFunctionOptions } from './http-function';
import type { Runtime } from './runtime';
import { StaticFunction } from './static-function';

export interface FunctionOptions {
  readonly settings: FunctionSettings;
  /** Of its processes. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly write: WriteLine;
  /** For `http` mode: where its next process listens. */
  readonly nextUpstream: HttpFunctionOptions['nextUpstream'];
  /** Called whenever `ready` or `failure` may have changed. */
  changed(): void;
  /** Called when the process of an `http` function is to be started again. */
  restarting: HttpFunctionOptions['restarting'];
  /** Only where all memory that is watched is this function's. */
  readonly memory?: MemoryWatch;
}

/** Starts a function in the way that its settings say. */
export function functionOfMode(options: FunctionOptions): HostedFunction {
  const { runtime, write, ...rest } = options;
  const { memory } = options;
  const spawner = memory ? new MemoryWatchingSpawner(runtime.spawner, memory) : runtime.spawner;
  const log = new FunctionLog(options.settings, write);
  switch (options.settings.mode) {
    case 'serializing':
    case 'streaming':
      return new ForkingFunction({ ...rest, log, spawner });
    case 'http':
      return new HttpFunction({ ...rest, sockets: runtime.sockets, spawner, log });
    case 'static':
      return new StaticFunction({ ...rest, log });
  }
}

/** The port and host of an `upstream_url`. */
export function addressOf(upstreamUrl: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(upstreamUrl);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
}
