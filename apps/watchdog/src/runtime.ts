import { bun } from '@shoal/adapters/bun';
import type { Sockets } from '@shoal/adapters/http/sockets';
import type { ProcessSpawner } from '@shoal/domain/processes/process-spawner';

/** What differs between the runtimes that the watchdog runs on. */
export interface Runtime {
  readonly sockets: Sockets;
  readonly spawner: ProcessSpawner;
}

/** Bun's own where the watchdog is compiled with it, else Node's. Each is loaded only where it runs. */
export async function thisRuntime(): Promise<Runtime> {
  const [sockets, spawner] = await Promise.all([socketsHere(), spawnerHere()]);
  return { sockets, spawner };
}

async function socketsHere(): Promise<Sockets> {
  if (bun) return new (await import('@shoal/adapters/http/bun-sockets')).BunSockets(bun);
  return new (await import('@shoal/adapters/http/node-sockets')).NodeSockets();
}

async function spawnerHere(): Promise<ProcessSpawner> {
  if (bun) {
    const { BunProcessSpawner } = await import('@shoal/adapters/process/bun-process-spawner');
    if (BunProcessSpawner.isAvailable()) return new BunProcessSpawner();
  }
  return new (await import('@shoal/adapters/process/node-process-spawner')).NodeProcessSpawner();
}
