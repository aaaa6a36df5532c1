// How soon a gateway answers after its start, and what that costs, beside the least that Node needs for it.
import { bundle, cpuUs, end, freePort, launch, until } from '../measure.mjs';
import { compare } from './compare.mjs';
import { launchGateway } from './gateways.mjs';

const POLL_MS = 2;
/** Each takes as long as it takes; a round of this part is some of them. */
const STARTS_PER_ROUND = 3;

export async function benchStart({ checkouts, rounds }) {
  const { 'http-function': bare } = await bundle(['http-function']);
  const targets = [
    ...checkouts.map(({ name, checkout }) => ({ name, start: (port) => launchGateway(checkout, { env: { SHOAL_PORT: String(port) } }) })),
    { name: 'bare', start: (port) => launch(process.execPath, [bare], { PORT: String(port) }) },
  ];
  const row = { what: 'start to the first answer', beside: 'bare node:http server' };
  return [await compare(row, targets, rounds * STARTS_PER_ROUND, sampleStart)];
}

/** `p50Us` is the time that passes, so that it stands in the column of times. */
async function sampleStart({ start }) {
  const port = await freePort();
  const startedMs = performance.now();
  const child = start(port);
  await until(() => fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => ok, () => false), 'a start', POLL_MS);
  const sample = { p50Us: (performance.now() - startedMs) * 1_000, cpuUs: cpuUs(child.pid) };
  await end(child);
  return sample;
}
