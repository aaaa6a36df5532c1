// `npm run test:faults`: what the specs of the queue do in small within `npm test`, in the numbers that docs/async.md states.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './setup.mjs';

const env = { SHOAL_FAULT_ROUNDS: '20', SHOAL_FAULT_CALLS: '5000', SHOAL_FLOOD_CALLS: '50000', SHOAL_BACKLOG_CALLS: '100000', ...process.env };
const { status } = spawnSync(process.execPath, [join(root, 'tools/test.mjs'), 'test/faults', 'test/e2e/async-load'], { stdio: 'inherit', env });
process.exit(status ?? 1);
