import { BunProcessSpawner } from '@shoal/adapters/process/bun-process-spawner';
import { describeProcessSpawner } from '../process-spawner.contract';

describeProcessSpawner('BunProcessSpawner', () => new BunProcessSpawner());
