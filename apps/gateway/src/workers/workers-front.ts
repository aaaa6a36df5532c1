import { createServer } from 'node:net';
import type { NodeSockets } from '@shoal/adapters/http/node-sockets';
import type { GatewayServer } from '../server';
import { StartError } from '../start-error';
import { privateSocket } from './private-socket';
import type { WorkerPool } from './worker-pool';

/**
 * What `GatewayServer` is where there is one process: the workers have the port, and this process, behind a socket file that
 * is theirs only, gets what is no call of a function.
 */
export class WorkersFront {
  constructor(
    private readonly pool: WorkerPool,
    private readonly behind: GatewayServer,
    private readonly sockets: NodeSockets,
  ) {}

  /** Resolves with the port. @throws StartError naming `setting` when it cannot be had. */
  async listen(host: string, port: number, setting: string): Promise<number> {
    const socketPath = await privateSocket((path) => this.behind.listenPath(this.sockets, path));
    return this.pool.start(socketPath, port === 0 ? await freePort(host, setting) : port);
  }

  /** As `GatewayServer.drain`: the workers first, which need this process to the end. */
  async drain(limitMs: number): Promise<void> {
    await this.pool.drain(limitMs);
    await this.behind.drain(0);
  }
}

/** The same for all workers, also for those that come later. */
function freePort(host: string, setting: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(new StartError(`${host} cannot be listened on (${error.message}): check SHOAL_HOST and ${setting}.`)));
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
