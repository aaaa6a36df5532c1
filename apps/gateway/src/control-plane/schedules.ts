import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Scheduler, ScheduleStatus } from '@shoal/domain/queue/scheduler';

/** When a function is called by the clock. */
export class FunctionSchedule implements ScheduleStatus {
  @ApiProperty({ example: '*/5 * * * *' }) cron!: string;
  @ApiProperty({ example: 'Europe/Berlin' }) timeZone!: string;
  @ApiProperty({ enum: ['skip', 'once'], description: 'What becomes of runs that were missed.' }) missed!: ScheduleStatus['missed'];
  @ApiPropertyOptional({ format: 'date-time' }) nextRun?: string;
  @ApiPropertyOptional({ format: 'date-time' }) lastRun?: string;
}

/** What is known of schedules, where there is a queue to follow them with. */
export class Schedules {
  constructor(private readonly scheduler: Scheduler | undefined) {}

  of(functionKey: string): FunctionSchedule | undefined {
    return this.scheduler?.status(functionKey);
  }
}
