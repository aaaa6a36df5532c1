import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiProduces, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from './authenticate';
import { Fails } from './error-answer';
import { EventStreams, MAX_EVENT_STREAMS } from './event-streams';
import { ChangesEvent, FunctionsEvent, PlatformStatus } from './events.dto';

@ApiTags('system')
@Controller('system/events')
export class EventsController {
  constructor(
    private readonly streams: EventStreams,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Tells how all functions and the platform are, and what changes',
    description:
      'Server-sent events, of all namespaces. `functions` comes first and has everything (`FunctionsEvent`); `changes` comes once a second at most, when ' +
      'something has changed (`ChangesEvent`); `platform` comes in the beginning and every 2 s at most (`PlatformStatus`). A reader that was too slow ' +
      'for the changes is sent `functions` again. A stream ends with the session that opened it, or after an hour.',
  })
  @ApiProduces('text/event-stream')
  @ApiExtraModels(FunctionsEvent, ChangesEvent, PlatformStatus)
  @ApiOkResponse({
    description: 'The events. The schema is that of their data.',
    content: { 'text/event-stream': { schema: { oneOf: [FunctionsEvent, ChangesEvent, PlatformStatus].map((model) => ({ $ref: getSchemaPath(model) })) } } },
  })
  @Fails({ 429: `${MAX_EVENT_STREAMS} streams are open already.` })
  stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.streams.requireRoom();
    const until = this.authenticator.sessionEnd(request);
    reply.hijack();
    this.streams.add(reply.raw, until);
  }
}
