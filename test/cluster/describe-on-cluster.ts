import { request } from 'node:http';
import { describeWithEngines } from '../describe-with';

/**
 * What may happen to a machine: `kill` is the loss of its power, after which `up` starts it again; `cut` pulls its network
 * cable, and `heal` plugs it in. `crash` kills its engine and nothing else, which is started again after 2 s.
 */
export type Happening = 'kill' | 'up' | 'cut' | 'heal' | 'crash';

export interface TestNode {
  readonly name: string;
  /** Path of its engine's socket. */
  readonly socket: string;
}

/** Machines that are all managers of one swarm, which `npm run test:cluster` has started. */
export interface TestCluster {
  /** The first leads, the specs run on the second one's side. */
  readonly nodes: readonly TestNode[];
  /** The network of functions. The specs themselves run on it, and so reach the addresses of its tasks. */
  readonly network: string;
  /** Resolves once it has happened. */
  happens(happening: Happening, node: TestNode): Promise<void>;
}

const text = process.env['SHOAL_TEST_CLUSTER'];
const { control, ...facts } = JSON.parse(text ?? '{"nodes":[{},{},{}]}') as Omit<TestCluster, 'happens'> & { control: string };

function happens(happening: Happening, { name }: TestNode): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: control, method: 'POST', path: `/${happening}/${name}`, agent: false }, (answer) => {
      answer.resume();
      if (answer.statusCode === 204) resolve();
      else reject(new Error(`${happening} of ${name}: ${answer.statusCode}`));
    });
    asked.on('error', reject).end();
  });
}

/** As `describe`, of what needs a cluster. Where there is none the specs are skipped and say why; in CI that is a failure. */
export function describeOnCluster(title: string, specs: (cluster: TestCluster) => void): void {
  describeWithEngines(title, text !== undefined, 'npm run test:cluster', () => specs({ ...facts, happens }));
}
