import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { CONDITIONS, type Condition } from '@shoal/domain/functions/function-condition';

/** A function in short, as it is now. */
export class FunctionSummary {
  @ApiProperty({ description: 'NAME.NAMESPACE', example: 'echo.openfaas-fn' }) readonly key!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty() readonly namespace!: string;
  @ApiProperty() readonly image!: string;
  @ApiProperty({ enum: CONDITIONS }) readonly state!: Condition;
  @ApiPropertyOptional({ description: 'Why it is not as it ought to be, or why its last update was taken back.' }) readonly because?: string;
  @ApiProperty({ description: 'Replicas wanted.' }) readonly replicas!: number;
  @ApiProperty({ description: 'Replicas that can take calls.' }) readonly availableReplicas!: number;
  @ApiProperty({ description: 'Calls that have ended since the gateway started.' }) readonly invocationCount!: number;
  @ApiProperty({ description: 'Calls that ended, in the last seconds.' }) readonly callsPerSecond!: number;
  @ApiPropertyOptional({ description: 'Which part of the calls of the last minute ended with a status from 500 on; absent without calls.' }) readonly errorRate?: number;
  @ApiPropertyOptional({ description: 'Of the calls of the last minute; absent without calls.' }) readonly p95Ms?: number;
  @ApiProperty({ description: 'Calls that run or wait.' }) readonly inFlight!: number;
  @ApiProperty({ description: 'Of these, calls that wait for a replica.' }) readonly waiting!: number;
  @ApiPropertyOptional({ format: 'date-time', description: 'When the last call came, since the gateway started.' }) readonly lastCallAt?: string;
  @ApiProperty({ format: 'date-time' }) readonly createdAt!: string;
  @ApiPropertyOptional({ example: '*/5 * * * *', description: 'Absent when it has no schedule.' }) readonly schedule?: string;
  @ApiPropertyOptional({ description: 'Asynchronous calls that failed for good; absent when there are none.' }) readonly dead?: number;
}

/** Asynchronous calls of all functions. */
export class QueueTotals {
  @ApiProperty({ description: 'Waiting for their first attempt.' }) readonly queued!: number;
  @ApiProperty({ description: 'What this gateway runs now.' }) readonly running!: number;
  @ApiProperty({ description: 'Failed for good.' }) readonly dead!: number;
}

/** The platform in short, as it is now. */
export class PlatformStatus {
  @ApiProperty({ description: 'Whether functions can be managed.' }) readonly ready!: boolean;
  @ApiPropertyOptional({ description: 'Why not.' }) readonly because?: string;
  @ApiProperty({ example: 'local', description: 'Where functions run.' }) readonly provider!: string;
  @ApiProperty() readonly version!: string;
  @ApiProperty({ example: 'openfaas-fn', description: 'The default namespace: that of a request that names none.' }) readonly namespace!: string;
  @ApiProperty({ description: 'How many there are, in all namespaces.' }) readonly functions!: number;
  @ApiProperty({ description: 'Of all functions.' }) readonly callsPerSecond!: number;
  @ApiPropertyOptional({ description: 'Of all functions; absent without calls.' }) readonly errorRate?: number;
  @ApiProperty({ description: 'Of all functions.' }) readonly inFlight!: number;
  @ApiProperty({ format: 'date-time', description: 'When this gateway started.' }) readonly startedAt!: string;
  @ApiPropertyOptional({ type: QueueTotals, description: 'Absent when there is no queue, or it cannot be reached.' }) readonly queue?: QueueTotals;
}

/** Data of the event `functions`: all there are. What was told before counts no more. */
export class FunctionsEvent {
  @ApiProperty({ type: [FunctionSummary] }) readonly functions!: readonly FunctionSummary[];
}

/** Data of the event `changes`: what is different since the event before. */
export class ChangesEvent {
  @ApiProperty({ type: [FunctionSummary], description: 'New, or not as before.' }) readonly changed!: readonly FunctionSummary[];
  @ApiProperty({ type: [String], description: 'Keys of those that are gone.' }) readonly removed!: readonly string[];
}
