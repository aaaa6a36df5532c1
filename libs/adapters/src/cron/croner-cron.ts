import type { Cron, Schedule } from '@shoal/domain/queue/schedule';
import { Cron as Croner } from 'croner';

/** Cron expressions as `croner` reads them: five or six fields, names, `L`, `W`, `#`, and nicknames such as `@daily`. */
export class CronerCron implements Cron {
  /** Reading one costs more than asking it. */
  private readonly read = new WeakMap<Schedule, Croner>();

  problem(schedule: Schedule): string | undefined {
    try {
      // A time zone that does not exist is only noticed when it is used.
      return this.of(schedule).nextRun() === null ? 'never comes about' : undefined;
    } catch (error) {
      return `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  next(schedule: Schedule, afterMs: number): number | undefined {
    return this.of(schedule).nextRun(new Date(afterMs))?.getTime();
  }

  private of(schedule: Schedule): Croner {
    let cron = this.read.get(schedule);
    if (!cron) this.read.set(schedule, (cron = new Croner(schedule.cron, { timezone: schedule.timeZone, paused: true })));
    return cron;
  }
}
