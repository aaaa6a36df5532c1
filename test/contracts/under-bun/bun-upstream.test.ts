import { bun } from '@shoal/adapters/bun';
import { BunSockets } from '@shoal/adapters/http/bun-sockets';
import { describeUpstream } from '../upstream.contract';

describeUpstream('BunSockets', new BunSockets(bun!));
