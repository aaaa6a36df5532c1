import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { functionKey } from '@shoal/domain/functions/function-spec';
import { parseFunctionName } from '@shoal/domain/invocation/route';
import { ShoalError } from '@shoal/domain/shared/errors';
import { AsyncCallLookup } from './async-calls.controller';
import { CallCount, CallStatus, DeadLetter, QueueOfFunction, toCallStatus, toDeadLetter } from './async-calls.dto';
import { ControlPlaneSettings } from './control-plane-settings';
import { Fails } from './error-answer';
import { lastOf, namespaceOf, NamespaceQuery, type QueryValue } from './namespace-query';
import { rounded } from './rounded';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1_000;

const FunctionQuery = () => ApiQuery({ name: 'function', required: false, description: 'Only of this function; of all when left out.' });

@ApiTags('asynchronous calls')
@Controller('system/queue')
export class QueueController {
  constructor(
    private readonly lookup: AsyncCallLookup,
    private readonly settings: ControlPlaneSettings,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Tells how many calls wait, run and have failed, for each function that has any' })
  @ApiOkResponse({ type: [QueueOfFunction] })
  @Fails({ 404: 'This gateway has no queue.', 503: 'The queue cannot be reached.' })
  async status(): Promise<QueueOfFunction[]> {
    const all = await this.lookup.calls.status();
    return all.map(({ functionKey: key, oldestMs, perSecond, ...counts }) => ({
      function: key,
      ...counts,
      perSecond: rounded(perSecond, 2),
      ...(oldestMs === undefined ? {} : { oldestSeconds: Math.max(0, rounded((Date.now() - oldestMs) / 1_000, 1)) }),
    }));
  }

  @Get('dead')
  @ApiOperation({ summary: 'Lists calls that failed for good, the oldest first' })
  @FunctionQuery()
  @NamespaceQuery()
  @ApiQuery({ name: 'after', required: false, description: 'Only those behind the call with this id, for the next page.' })
  @ApiQuery({ name: 'limit', required: false, description: `At most so many: ${DEFAULT_PAGE}, if nothing is said, and ${MAX_PAGE} at most.` })
  @ApiOkResponse({ type: [CallStatus] })
  @Fails({ 400: 'The function is no name, or the limit no number.', 404: 'This gateway has no queue.', 503: 'The queue cannot be reached.' })
  async deadLetters(@Query() query: Readonly<Record<string, QueryValue>>): Promise<CallStatus[]> {
    const key = this.functionOf(query);
    const after = lastOf(query['after']);
    const records = await this.lookup.calls.deadLetters({ ...(key === undefined ? {} : { functionKey: key }), ...(after ? { after } : {}), most: parseLimit(lastOf(query['limit'])) });
    return records.map((record) => toCallStatus({ record }, true));
  }

  @Get('dead/:id')
  @ApiOperation({ summary: 'Shows a call that failed for good, and what the function last answered' })
  @ApiOkResponse({ type: DeadLetter })
  @Fails({ 404: 'There is no such dead letter.', 503: 'The queue cannot be reached.' })
  async deadLetter(@Param('id') id: string): Promise<DeadLetter> {
    return toDeadLetter(await this.lookup.calls.deadLetter(id));
  }

  @Post('dead/:id/redrive')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends a call that failed for good again, as new' })
  @ApiAcceptedResponse({ type: CallCount })
  @Fails({ 404: 'There is no such dead letter.', 503: 'The queue cannot be reached.' })
  async redrive(@Param('id') id: string): Promise<CallCount> {
    await this.lookup.calls.redrive(id);
    return { calls: 1 };
  }

  @Post('dead/redrive')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends all calls that failed for good again, of one function or of all' })
  @FunctionQuery()
  @NamespaceQuery()
  @ApiAcceptedResponse({ type: CallCount })
  @Fails({ 400: 'The function is no name.', 404: 'This gateway has no queue.', 503: 'The queue cannot be reached.' })
  async redriveAll(@Query() query: Readonly<Record<string, QueryValue>>): Promise<CallCount> {
    return { calls: await this.lookup.calls.redriveAll(this.functionOf(query)) };
  }

  @Delete('dead/:id')
  @ApiOperation({ summary: 'Forgets a call that failed for good' })
  @ApiOkResponse({ type: CallCount })
  @Fails({ 404: 'There is no such dead letter.', 503: 'The queue cannot be reached.' })
  async purge(@Param('id') id: string): Promise<CallCount> {
    await this.lookup.calls.purge(id);
    return { calls: 1 };
  }

  @Delete('dead')
  @ApiOperation({ summary: 'Forgets all calls that failed for good, of one function or of all' })
  @FunctionQuery()
  @NamespaceQuery()
  @ApiOkResponse({ type: CallCount })
  @Fails({ 400: 'The function is no name.', 404: 'This gateway has no queue.', 503: 'The queue cannot be reached.' })
  async purgeAll(@Query() query: Readonly<Record<string, QueryValue>>): Promise<CallCount> {
    return { calls: await this.lookup.calls.purgeAll(this.functionOf(query)) };
  }

  private functionOf(query: Readonly<Record<string, QueryValue>>): string | undefined {
    const name = lastOf(query['function']);
    if (!name) return undefined;
    const id = parseFunctionName(name, namespaceOf(undefined, query['namespace'], this.settings.functionNamespace));
    if (!id) throw new ShoalError('invalid-request', 'function must be NAME, or NAME.NAMESPACE');
    return functionKey(id);
  }
}

function parseLimit(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PAGE;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1) throw new ShoalError('invalid-request', 'limit must be a whole number above 0');
  return Math.min(limit, MAX_PAGE);
}
