import { NodeSockets } from '@shoal/adapters/http/node-sockets';
import { describeSockets } from './sockets.contract';

describeSockets('NodeSockets', () => new NodeSockets());
