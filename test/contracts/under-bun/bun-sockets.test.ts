import { bun } from '@shoal/adapters/bun';
import { BunSockets } from '@shoal/adapters/http/bun-sockets';
import { describeSockets } from '../sockets.contract';

describeSockets('BunSockets', () => new BunSockets(bun!));
