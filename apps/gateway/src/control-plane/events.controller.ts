import { Controller, Get, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiProduces, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Fails } from './error-answer';
import { EventStreams, MAX_EVENT_STREAMS } from './event-streams';
import { ChangesEvent, FunctionsEvent, PlatformStatus } from './events.dto';

@ApiTags('system')
@Controller('system/events')
export class EventsController {
  constructor(private readonly streams: EventStreams) {}

  @Get()
  @ApiOperation({
    summary: 'Tells how all functions and the platform are, and what changes',
    description:
      'Server-sent events, of all namespaces. `functions` comes first and has everything (`FunctionsEvent`); `changes` comes once a second at most, when ' +
      'something has changed (`ChangesEvent`); `platform` comes in the beginning and every 2 s at most (`PlatformStatus`). A reader that was too slow ' +
      'for the changes is sent `functions` again.',
  })
  @ApiProduces('text/event-stream')
  @ApiExtraModels(FunctionsEvent, ChangesEvent, PlatformStatus)
  @ApiOkResponse({
    description: 'The events, without end. The schema is that of their data.',
    content: { 'text/event-stream': { schema: { oneOf: [FunctionsEvent, ChangesEvent, PlatformStatus].map((model) => ({ $ref: getSchemaPath(model) })) } } },
  })
  @Fails({ 429: `${MAX_EVENT_STREAMS} streams are open already.` })
  stream(@Res() reply: FastifyReply): void {
    this.streams.requireRoom();
    reply.hijack();
    this.streams.add(reply.raw);
  }
}
