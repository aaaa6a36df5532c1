import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeSockets } from '@shoal/adapters/http/node-sockets';
import type { GatewayServer } from '../server';
import { StartError } from '../start-error';
import type { WorkerPool } from './worker-pool';

const FOLDER = /^shoal-gateway-(\d+)-/;

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
    const socketPath = join(privateFolder(), 'gateway.sock');
    await this.behind.listenPath(this.sockets, socketPath);
    return this.pool.start(socketPath, port === 0 ? await freePort(host, setting) : port);
  }

  /** As `GatewayServer.drain`: the workers first, which need this process to the end. */
  async drain(limitMs: number): Promise<void> {
    await this.pool.drain(limitMs);
    await this.behind.drain(0);
  }
}

/** Only this user can enter it. It goes with this process; what others have left that were killed goes now. */
function privateFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid !== undefined && hasEnded(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(tmpdir(), `shoal-gateway-${process.pid}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
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
