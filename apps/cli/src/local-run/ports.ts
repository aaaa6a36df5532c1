import { createServer, type AddressInfo } from 'node:net';
import { CliError } from '../cli-error';

export const LOOPBACK = '127.0.0.1';

/** A port of this machine that nobody listens on: `wanted`, or any when that is 0. Rejects with `conflict` when it is in use. */
export async function takePort(wanted: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.on('error', reject).listen(wanted, LOOPBACK, resolve));
    return (server.address() as AddressInfo).port;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError('conflict', code === 'EADDRINUSE' ? `port ${wanted} is in use` : `port ${wanted} cannot be listened on (${code})`, `choose another: --port ${wanted + 1}`, { cause: error });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
