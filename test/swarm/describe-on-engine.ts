import { describeWithEngines } from '../describe-with';

/** A Docker engine that is the only manager of a swarm, which `npm test` has started. */
export interface TestEngine {
  /** Path of its socket. */
  readonly socket: string;
  /** As in `DOCKER_HOST`. */
  readonly host: string;
  /** The network of functions. The specs themselves run on it, and so reach the addresses of its tasks. */
  readonly network: string;
  /** Of the engine itself: to stop it from running for a while. */
  readonly pid: number;
}

/** A busybox with Node. */
export const BASE_IMAGE = 'shoal-test/base:latest';
/** The same with the watchdog, which it starts. */
export const WATCHDOG_IMAGE = 'shoal-test/watchdog:latest';

const socket = process.env['SHOAL_TEST_DOCKER'];
const engine: TestEngine = { socket: socket ?? '', host: `unix://${socket}`, network: process.env['SHOAL_TEST_NETWORK'] ?? '', pid: Number(process.env['SHOAL_TEST_ENGINE_PID']) };

/** As `describe`, of what needs a real engine. Where there is none the specs are skipped and say why; in CI that is a failure. */
export function describeOnEngine(title: string, specs: (engine: TestEngine) => void): void {
  describeWithEngines(title, socket !== undefined, 'npm test', () => specs(engine));
}
