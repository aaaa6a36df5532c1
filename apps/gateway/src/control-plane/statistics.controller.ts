import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { functionKey } from '@shoal/domain/functions/function-spec';
import { ReplicaHistory } from '@shoal/domain/functions/replica-history';
import { CallStatistics, STATISTICS_STEP_MS, type StatisticsPoint } from '@shoal/domain/invocation/call-statistics';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { ShoalError } from '@shoal/domain/shared/errors';
import { ControlPlaneSettings } from './control-plane-settings';
import { Fails } from './error-answer';
import { functionIdOf, namespaceOf, NamespaceQuery, type QueryValue } from './namespace-query';
import { rounded } from './rounded';

/** Calls by the class of their status. */
export class StatusCounts {
  @ApiProperty({ description: 'Among them those that switched protocols.' }) '2xx'!: number;
  @ApiProperty() '3xx'!: number;
  @ApiProperty() '4xx'!: number;
  @ApiProperty() '5xx'!: number;
}

/** The calls of one step. */
export class CallsPoint {
  @ApiProperty({ format: 'date-time', description: 'When the step began.' }) at!: string;
  @ApiProperty({ type: StatusCounts, description: 'Calls that ended in it.' }) statuses!: StatusCounts;
  @ApiPropertyOptional({ description: 'Half of them took no longer; like the others at most a tenth off.' }) p50Ms?: number;
  @ApiPropertyOptional() p95Ms?: number;
  @ApiPropertyOptional() p99Ms?: number;
  @ApiProperty({ description: 'The most calls at a time, those that waited among them.' }) inFlight!: number;
}

/** From then on. */
export class ReplicasPoint {
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ description: 'Replicas asked for.' }) wanted!: number;
  @ApiProperty({ description: 'Replicas that could take calls.' }) ready!: number;
}

/** The last ten minutes of a function, as this gateway saw them. */
export class FunctionStatistics {
  @ApiProperty({ description: 'How long a step is.', example: STATISTICS_STEP_MS / 1_000 }) stepSeconds!: number;
  @ApiProperty({ type: [CallsPoint], description: 'The oldest first; steps in which no call ended or ran are left out.' }) points!: CallsPoint[];
  @ApiProperty({ type: [ReplicasPoint], description: 'How it was in the beginning, and each change.' }) replicas!: ReplicasPoint[];
}

@ApiTags('functions')
@Controller('system/function')
export class StatisticsController {
  constructor(
    private readonly directory: ReplicaDirectory,
    private readonly statistics: CallStatistics,
    private readonly replicaHistory: ReplicaHistory,
    private readonly settings: ControlPlaneSettings,
  ) {}

  @Get(':name/statistics')
  @ApiOperation({ summary: 'Shows the calls and replicas of a function over the last ten minutes', description: 'For charts: in steps, as this gateway saw them.' })
  @NamespaceQuery()
  @ApiOkResponse({ type: FunctionStatistics })
  @Fails({ 400: 'The namespace is no name.', 404: 'There is no such function.' })
  get(@Param('name') name: string, @Query('namespace') namespace?: QueryValue): FunctionStatistics {
    const key = functionKey(functionIdOf(name, namespaceOf(undefined, namespace, this.settings.functionNamespace)));
    if (!this.directory.find(key)) throw new ShoalError('function-not-found', `function ${name} does not exist`);
    return {
      stepSeconds: STATISTICS_STEP_MS / 1_000,
      points: this.statistics.points(key).map(toPoint),
      replicas: this.replicaHistory.of(key).map(({ atMs, wanted, ready }) => ({ at: isoOf(atMs), wanted, ready })),
    };
  }
}

function toPoint({ atMs, byClass, p50Ms, p95Ms, p99Ms, inFlight }: StatisticsPoint): CallsPoint {
  const [ok, redirected, refused, failed] = byClass;
  return {
    at: isoOf(atMs),
    statuses: { '2xx': ok, '3xx': redirected, '4xx': refused, '5xx': failed },
    ...(p50Ms === undefined ? {} : { p50Ms: rounded(p50Ms, 1), p95Ms: rounded(p95Ms!, 1), p99Ms: rounded(p99Ms!, 1) }),
    inFlight,
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
