// Whether calls cost more than they did.

/** A median of some rounds varies by less, also on a machine that has other things to do. */
export const ALLOWED = 1.25;

/**
 * Each row with its `verdict`: `ok`; `too dear` when it costs more than `allowed` times what it did; `no baseline` and `not measured` when
 * only one side has it. All but the first are failures.
 *
 * @param baseline how often each row costs what nginx costs, by the row's name.
 * @param measured the same, as it is now.
 */
export function compareWithBaseline(baseline, measured, allowed = ALLOWED) {
  return [...new Set([...Object.keys(baseline), ...Object.keys(measured)])].map((what) => {
    const [before, now] = [baseline[what], measured[what]];
    if (before === undefined) return { what, now, verdict: 'no baseline' };
    if (now === undefined) return { what, before, verdict: 'not measured' };
    const change = now / before;
    return { what, before, now, change, verdict: change <= allowed ? 'ok' : 'too dear' };
  });
}
