import { describeUpstream } from '../../../../test/contracts/upstream.contract';
import { NodeSockets } from './node-sockets';

describeUpstream('NodeSockets', new NodeSockets());
