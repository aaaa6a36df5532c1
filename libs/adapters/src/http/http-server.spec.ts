import { describeHttpServer } from '../../../../test/contracts/http-server.contract';
import { NodeSockets } from './node-sockets';

describeHttpServer('NodeSockets', new NodeSockets());
