import { bun } from '@shoal/adapters/bun';
import { BunSockets } from '@shoal/adapters/http/bun-sockets';
import { describeHttpServer } from '../http-server.contract';

describeHttpServer('BunSockets', new BunSockets(bun!));
