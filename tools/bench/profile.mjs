// `npm run bench -- --profile=DIR`: where the time of one hop goes.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { end, progress, wrk } from '../measure.mjs';
import { startHop } from './gateways.mjs';
import { hopRows, loadOf, pathOf, startUpstreams } from './hop.mjs';
import { selfTimes, sharesOf, sourcesOf } from './profile-summary.mjs';
import { markdownTable } from '../markdown-table.mjs';

const PROFILED = ['GET 12 B, 32 conn.', 'POST 12 B, 32 conn.', 'GET 12 B, 256 conn.', 'GET 100 KiB, 32 conn.', 'GET 12 B, 32 conn., close'];
/** What has less of the time in each profile is shown as one. */
const LEAST_SHARE = 0.01;

/** Writes profiles of some rows of the hop into a folder each of `directory`. Resolves with them: `what` was measured, and shares of its time. */
export async function profileHop({ checkouts, seconds, directory }) {
  const upstreams = await startUpstreams();
  const profiles = [];
  for (const row of hopRows.filter(({ what }) => PROFILED.includes(what))) {
    for (const { name, checkout } of checkouts) {
      const what = checkouts.length > 1 ? `${name}: ${row.what}` : row.what;
      progress(`profiling ${what}`);
      const place = join(resolve(directory), what.replaceAll(/\W+/g, '-'));
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place, { recursive: true });
      const { child, program, url } = await startHop(checkout, upstreams[row.method], ['--cpu-prof', `--cpu-prof-dir=${place}`]);
      await wrk(`${url}/${pathOf(row)}`, { ...loadOf(row), seconds });
      await end(child);
      profiles.push({ what, groups: readProfiles(place, program) });
    }
  }
  return profiles;
}

/** Each thread and each process writes one; their times add up. */
function readProfiles(place, program) {
  const fileOf = sourcesOf(readFileSync(program, 'utf8'));
  const selfUs = new Map();
  for (const file of readdirSync(place)) {
    for (const [group, us] of selfTimes(JSON.parse(readFileSync(join(place, file), 'utf8')), fileOf)) selfUs.set(group, (selfUs.get(group) ?? 0) + us);
  }
  return sharesOf(selfUs);
}

/** A row for each group, the dearest of the first profile first, and a column for each profile. */
export function profileTable(profiles) {
  const shares = profiles.map(({ groups }) => new Map(groups.map(({ group, share }) => [group, share ?? 0])));
  const all = [...new Set(shares.flatMap((one) => [...one.keys()]))].map((group) => ({ group, shares: shares.map((one) => one.get(group) ?? 0) }));
  const [big, small] = [all.filter((row) => Math.max(...row.shares) >= LEAST_SHARE), all.filter((row) => Math.max(...row.shares) < LEAST_SHARE)];
  const rest = { group: 'all else', shares: profiles.map((_, i) => small.reduce((sum, row) => sum + row.shares[i], 0)) };
  const shown = [...big.sort((a, b) => b.shares[0] - a.shares[0]), rest];
  return markdownTable(shown.map((row) => ({ where: row.group, ...Object.fromEntries(profiles.map(({ what }, i) => [what, `${(row.shares[i] * 100).toFixed(1)} %`])) })));
}
