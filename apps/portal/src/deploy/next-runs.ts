import { parseSchedule, type Cron } from '@shoal/domain/queue/schedule';

/** The next times of a schedule, in milliseconds; none when it cannot be used. @param annotations of the function. */
export function nextRuns(annotations: Readonly<Record<string, string>>, cron: Cron, { afterMs, count }: { readonly afterMs: number; readonly count: number }): readonly number[] {
  const runs: number[] = [];
  try {
    const schedule = parseSchedule(annotations);
    if (!schedule || cron.problem(schedule) !== undefined) return [];
    for (let at = cron.next(schedule, afterMs); at !== undefined && runs.length < count; at = cron.next(schedule, at)) runs.push(at);
  } catch {
    // What is wrong is told at the field.
  }
  return runs;
}
