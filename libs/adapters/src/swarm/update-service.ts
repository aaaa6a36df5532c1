import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@shoal/domain/shared/errors';
import type { AuthConfig } from 'dockerode';
import type { Engine } from './engine';
import type { Service, ServiceSpec } from './swarm-types';

/** Others write too: gateways, people, Swarm itself while it rolls. */
export const MAX_ATTEMPTS = 30;
/** Two that write at the same time must not go on meeting. */
const LONGEST_PAUSE_MS = 20;

/**
 * Replaces a service's spec by what `change` makes of it as it is now; again when it has changed in between.
 *
 * @param auth for the registry of a new image; without it, that of the present spec stays.
 */
export async function updateService(engine: Engine, serviceId: string, change: (service: Service) => ServiceSpec, auth?: AuthConfig): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const service = await engine.ask((docker) => docker.getService(serviceId).inspect() as Promise<Service>);
    const options = { _query: { version: service.Version.Index, registryAuthFrom: 'spec' }, _body: change(service), authconfig: auth };
    try {
      await engine.ask((docker) => docker.getService(serviceId).update(options) as Promise<unknown>);
      return;
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isOutOfSequence(error)) throw error;
      await pause(Math.random() * LONGEST_PAUSE_MS);
    }
  }
}

/** Whether what was to be changed has changed since it was read. */
export function isOutOfSequence(error: unknown): boolean {
  return messageOf(error).includes('update out of sequence');
}
