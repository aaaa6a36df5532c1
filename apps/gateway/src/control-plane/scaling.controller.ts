import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { functionKey } from '@shoal/domain/functions/function-spec';
import { Autoscaler, type ScalingRecord } from '@shoal/domain/scaling/autoscaler';
import type { ScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { ShoalError } from '@shoal/domain/shared/errors';
import { ControlPlaneSettings } from './control-plane-settings';
import { Fails } from './error-answer';
import { functionIdOf, namespaceOf, NamespaceQuery, type QueryValue } from './namespace-query';

/** How far and how a function scales, as its labels say. */
export class ScalingPolicyStatus implements ScalingPolicy {
  @ApiProperty({ enum: ['rps', 'capacity', 'cpu', 'queue', 'alert'], description: 'What decides.' }) type!: ScalingPolicy['type'];
  @ApiProperty({ description: 'Whether a label says so.' }) typeChosen!: boolean;
  @ApiProperty({ description: 'Fewest replicas while awake.' }) min!: number;
  @ApiProperty({ description: 'Most replicas.' }) max!: number;
  @ApiProperty({ description: 'Load that one replica can take.' }) target!: number;
  @ApiProperty({ description: 'Which part of the target is aimed at.' }) targetProportion!: number;
  @ApiProperty({ description: 'Step of an alert, in percent of the maximum.' }) factorPercent!: number;
  @ApiProperty({ description: 'So long fewer must have sufficed before some go.' }) downWindowMs!: number;
  @ApiProperty({ description: 'Largest part that goes in one step.' }) downStep!: number;
  @ApiProperty({ description: 'For so long no more are added while those that were are starting.' }) warmUpMs!: number;
  @ApiProperty({ description: 'Whether it goes to sleep when idle.' }) zero!: boolean;
  @ApiProperty({ description: 'Idle for how long.' }) zeroAfterMs!: number;
}

/** One look at a function, and what followed from it. */
export class ScalingRecordStatus implements ScalingRecord {
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ description: 'Replicas asked for, before.' }) from!: number;
  @ApiProperty({ description: 'Replicas asked for, after.' }) to!: number;
  @ApiProperty({ description: 'How many the load needs, within minimum and maximum.' }) needed!: number;
  @ApiProperty({ description: 'Why, for machines.', example: 'load' }) reason!: ScalingRecord['reason'];
  @ApiProperty({ description: 'The arithmetic.', example: 'ceil(90 / (50 × 0.9)) = 2' }) formula!: string;
  @ApiProperty({ description: 'Why, for people.' }) because!: string;
  @ApiProperty({ description: 'Replicas that could take calls.' }) ready!: number;
  @ApiProperty({ required: false, description: 'Of all replicas together; absent when nobody measures it.', type: Number }) load: number | undefined;
  @ApiProperty({ description: 'Calls at a time, those that wait among them.' }) concurrency!: number;
  @ApiProperty({ description: 'Calls that waited.' }) waiting!: number;
  @ApiPropertyOptional({ description: 'Why the change could not be ordered.' }) error?: string;
}

/** Why a function has as many replicas as it has. */
export class ScalingStatus {
  @ApiPropertyOptional({ type: ScalingPolicyStatus, description: 'Absent when its labels are wrong.' }) policy?: ScalingPolicyStatus;
  @ApiPropertyOptional({ description: 'What is wrong with its labels.' }) problem?: string;
  @ApiPropertyOptional({ type: ScalingRecordStatus, description: 'The last look; absent before the first.' }) now?: ScalingRecordStatus;
  @ApiProperty({ type: [ScalingRecordStatus], description: 'The last 100 changes since the gateway started, the latest first.' }) changes!: readonly ScalingRecordStatus[];
}

@ApiTags('functions')
@Controller('system/function')
export class ScalingController {
  constructor(
    private readonly autoscaler: Autoscaler,
    private readonly settings: ControlPlaneSettings,
  ) {}

  @Get(':name/scaling')
  @ApiOperation({ summary: 'Explains the replicas of a function', description: 'The last look with its inputs, and the changes before it.' })
  @NamespaceQuery()
  @ApiOkResponse({ type: ScalingStatus })
  @Fails({ 400: 'The namespace is no name.', 404: 'There is no such function.' })
  get(@Param('name') name: string, @Query('namespace') namespace?: QueryValue): ScalingStatus {
    const id = functionIdOf(name, namespaceOf(undefined, namespace, this.settings.functionNamespace));
    const story = this.autoscaler.story(functionKey(id));
    if (!story) throw new ShoalError('function-not-found', `function ${name} does not exist`);
    const { policy, problem, now, changes } = story;
    return { ...(policy ? { policy } : {}), ...(problem === undefined ? {} : { problem }), ...(now ? { now } : {}), changes };
  }
}
