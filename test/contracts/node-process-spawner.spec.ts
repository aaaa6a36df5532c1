import { NodeProcessSpawner } from '@shoal/adapters/process/node-process-spawner';
import { describeProcessSpawner } from './process-spawner.contract';

describeProcessSpawner('NodeProcessSpawner', () => new NodeProcessSpawner());
