import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { FoundCall } from '@shoal/domain/queue/queued-calls';
import type { CallbackState, CallRecord, CallState, StoredAnswer } from '@shoal/domain/queue/queued-call';
import { rounded } from './rounded';

const STATES: readonly CallState[] = ['queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled'];

/** How an attempt ended. */
export class CallOutcomeStatus {
  @ApiPropertyOptional({ description: 'The status that the function answered with.' }) status?: number;
  @ApiPropertyOptional({ description: 'Why there is none, for machines.', example: 'upstream-timeout' }) code?: string;
  @ApiPropertyOptional({ description: 'What was wrong, for people.' }) message?: string;
  @ApiProperty({ description: 'How long the attempt took.' }) durationMs!: number;
}

/** Whether the outcome has reached its receiver. */
export class CallbackStatus {
  @ApiProperty({ description: 'Without the password that it may have.' }) url!: string;
  @ApiProperty({ enum: ['pending', 'delivered', 'failed'] }) state!: string;
  @ApiProperty() attempts!: number;
  @ApiPropertyOptional({ description: 'The status that the receiver answered with.' }) status?: number;
  @ApiPropertyOptional({ description: 'Why it could not be reached.' }) message?: string;
}

/** What a function answered, as far as it was kept. */
export class CallResult {
  @ApiProperty() status!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } }, description: 'By name in lower case.' })
  headers!: Readonly<Record<string, readonly string[]>>;
  @ApiPropertyOptional({ description: 'Absent when it was longer than what is kept.' }) body?: string;
  @ApiPropertyOptional({ enum: ['utf8', 'base64'], description: 'How `body` is written: as text where it is text.' }) encoding?: 'utf8' | 'base64';
}

/** An asynchronous call as it stands. */
export class CallStatus {
  @ApiProperty() id!: string;
  @ApiProperty({ description: 'NAME.NAMESPACE', example: 'echo.openfaas-fn' }) function!: string;
  @ApiProperty({ enum: STATES }) state!: CallState;
  @ApiProperty({ format: 'date-time' }) acceptedAt!: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'When the last attempt began.' }) startedAt?: string;
  @ApiPropertyOptional({ format: 'date-time' }) endedAt?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'When it is tried again.' }) nextAttemptAt?: string;
  @ApiProperty({ description: 'How often it was begun.' }) attempts!: number;
  @ApiProperty({ description: 'How many of these found no room, and do not count.' }) refusals!: number;
  @ApiPropertyOptional({ type: CallOutcomeStatus, description: 'Of the last attempt.' }) outcome?: CallOutcomeStatus;
  @ApiPropertyOptional({ type: CallbackStatus }) callback?: CallbackStatus;
  @ApiPropertyOptional({ type: CallResult }) result?: CallResult;
}

/** What waits for one function. */
export class QueueOfFunction {
  @ApiProperty({ description: 'NAME.NAMESPACE', example: 'echo.openfaas-fn' }) function!: string;
  @ApiProperty({ description: 'Waiting for their first attempt.' }) queued!: number;
  @ApiProperty({ description: 'Begun and not ended: running anywhere, or waiting to be tried again.' }) unfinished!: number;
  @ApiProperty({ description: 'Of these, what this gateway runs now.' }) running!: number;
  @ApiProperty({ description: 'Outcomes that have yet to reach their receivers.' }) callbacks!: number;
  @ApiProperty({ description: 'Calls that failed for good.' }) dead!: number;
  @ApiProperty({ description: 'Calls that ended in a second at this gateway, of late.' }) perSecond!: number;
  @ApiPropertyOptional({ description: 'How long the one that waits longest has waited.' }) oldestSeconds?: number;
}

/** A call that failed for good, with what it was. */
export class DeadLetter extends CallStatus {
  @ApiProperty() method!: string;
  @ApiProperty({ description: 'Path and query behind the name.' }) path!: string;
  @ApiProperty({ description: 'Bytes of its body.' }) bodyBytes!: number;
}

/** How many calls something was done to. */
export class CallCount {
  @ApiProperty() calls!: number;
}

/**
 * @param forOwner whether it says why a receiver cannot be reached: to strangers that would tell of the network behind the
 * gateway.
 */
export function toCallStatus({ record, answer }: FoundCall, forOwner: boolean): CallStatus {
  const { id, functionKey, state, attempts, refusals, outcome, callback } = record;
  return {
    id,
    function: functionKey,
    state,
    acceptedAt: timeOf(record.acceptedMs)!,
    ...present({ startedAt: timeOf(record.startedMs), endedAt: timeOf(record.endedMs), nextAttemptAt: state === 'retrying' ? timeOf(record.nextAttemptMs) : undefined }),
    attempts,
    refusals,
    ...present({ outcome: outcome && { ...outcome, durationMs: rounded(outcome.durationMs, 1) }, callback: callback && toCallback(callback, forOwner), result: answer && toResult(answer) }),
  };
}

export function toDeadLetter({ record, answer, call }: FoundCall & { readonly call: { readonly method: string; readonly rest: string; readonly body: Uint8Array } }): DeadLetter {
  return { ...toCallStatus({ record, ...(answer ? { answer } : {}) }, true), method: call.method, path: call.rest, bodyBytes: call.body.byteLength };
}

/** One event of a stream: the record without its result. */
export function toEvent(record: CallRecord): string {
  return `event: ${record.state}\ndata: ${JSON.stringify(toCallStatus({ record }, false))}\n\n`;
}

function toCallback({ url, message, ...rest }: CallbackState, forOwner: boolean): CallbackStatus {
  const told = forOwner ? message : 'the receiver could not be reached, or must not be; the owner can see why';
  return { ...rest, url: withoutPassword(url), ...(message === undefined ? {} : { message: told! }) };
}

function toResult({ status, headers, body }: StoredAnswer): CallResult {
  const byName: Record<string, string[]> = {};
  for (let i = 0; i < headers.length; i += 2) (byName[headers[i]!.toLowerCase()] ??= []).push(headers[i + 1]!);
  return { status, headers: byName, ...(body ? written(body) : {}) };
}

function written(body: Uint8Array): Required<Pick<CallResult, 'body' | 'encoding'>> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), encoding: 'utf8' };
  } catch {
    return { body: bytes.toString('base64'), encoding: 'base64' };
  }
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  if (parsed.password === '' && parsed.username === '') return url;
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
