import { bun } from '@shoal/adapters/bun';
import { BunSockets } from '@shoal/adapters/http/bun-sockets';
import { describeHttpServer } from '../http-server.contract';
import { describeSockets } from '../sockets.contract';
import { describeUpstream } from '../upstream.contract';

// Run by Bun's own test runner: `bun test test/contracts/under-bun`.
const sockets = new BunSockets(bun!);

describeSockets('BunSockets', () => sockets);
describeHttpServer('BunSockets', sockets);
describeUpstream('BunSockets', sockets);
