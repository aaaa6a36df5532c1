import type { ServerResponse } from 'node:http';
import { Controller, Delete, Get, Headers, HttpCode, Param, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { headerOf, isEnded, type CallRecord } from '@shoal/domain/queue/queued-call';
import { type FoundCall, QueuedCalls } from '@shoal/domain/queue/queued-calls';
import { parseDurationMs } from '@shoal/domain/shared/duration';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator, givesCredentials } from './authenticate';
import { CallStatus, toCallStatus, toEvent } from './async-calls.dto';
import { Fails } from './error-answer';
import { lastOf, type QueryValue } from './namespace-query';

/** What ids look like that we make. */
const OURS = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/;
/** The longest that an answer is held back for. */
const MAX_WAIT_MS = 60_000;
/** Streams and answers that are held back, of all callers together. */
const MAX_WAITING = 1_000;
/** A comment keeps what lies between from taking a quiet stream for a dead one. */
const HEARTBEAT_MS = 15_000;

/** The queue, where there is one, and whoever waits for something to happen in it. */
export class AsyncCallLookup {
  private readonly streams = new Set<ServerResponse>();
  private waiting = 0;

  constructor(private readonly queuedCalls: QueuedCalls | undefined) {}

  /** Rejects with `route-not-found` where there is no queue. */
  get calls(): QueuedCalls {
    if (!this.queuedCalls) throw new ShoalError('route-not-found', 'this gateway has no queue for asynchronous calls: SHOAL_QUEUE or faas_nats_address gives it one');
    return this.queuedCalls;
  }

  /** Runs what waits, unless too many do. */
  async hold<T>(wait: () => Promise<T>): Promise<T> {
    if (this.waiting >= MAX_WAITING) throw new ShoalError('over-capacity', `${MAX_WAITING} callers wait already`, { retryAfterSeconds: 1 });
    this.waiting++;
    try {
      return await wait();
    } finally {
      this.waiting--;
    }
  }

  /**
   * Writes the call's steps to `reply` as server-sent events; resolves when it has ended, or the reader has left. Rejects
   * as `QueuedCalls.follow` does, with nothing written.
   */
  async stream(id: string, reply: FastifyReply): Promise<void> {
    const answer = reply.raw;
    let done: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (done = resolve));
    // Before anything is waited for: who leaves meanwhile is not heard of later.
    answer.once('close', done);
    const tell = (record: CallRecord) => {
      if (!answer.headersSent) {
        reply.hijack();
        answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
      }
      if (answer.writable) answer.write(toEvent(record));
      if (isEnded(record)) done();
    };
    const leave = await this.calls.follow(id, tell).catch((error: unknown) => {
      // The queue may go away after the first step: a stream that has begun cannot end in an error.
      if (answer.headersSent) answer.end();
      throw error;
    });
    const heartbeat = setInterval(() => answer.write(': still here\n\n'), HEARTBEAT_MS);
    this.streams.add(answer);
    if (answer.destroyed) done();
    await ended;
    this.streams.delete(answer);
    clearInterval(heartbeat);
    leave();
    answer.end();
  }

  /** A stream would keep the gateway from ending. */
  endAll(): void {
    for (const answer of this.streams) answer.end();
  }
}

/**
 * Who knows an id that we made may look the call up and cancel it: nobody can guess it. An id that a caller chose can be
 * guessed, so these ask for credentials.
 */
@ApiTags('asynchronous calls')
@Controller('async-function/calls')
export class AsyncCallsController {
  constructor(
    private readonly lookup: AsyncCallLookup,
    private readonly authenticator: Authenticator,
  ) {}

  @Get(':id')
  @ApiOperation({
    summary: 'Tells how an asynchronous call stands',
    description: 'With `Accept: text/event-stream`: each step as an event, until it has ended. A call whose id its caller chose asks for credentials.',
  })
  @ApiQuery({ name: 'wait', required: false, description: 'Wait so long for it to end, up to 60s.', example: '30s' })
  @ApiHeader({ name: 'Accept', required: false, description: '`application/json` or `text/event-stream`.' })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: CallStatus })
  @Fails({ 400: 'The time to wait is none.', 401: 'Its caller chose the id.', 404: 'There is no such call, or it ended too long ago.', 429: 'Too many wait already.' })
  async get(@Param('id') id: string, @Query('wait') wait: QueryValue, @Headers('accept') accept: string | undefined, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const waitMs = parseWait(lastOf(wait));
    const found = await this.find(id, request);
    if (accept?.includes('text/event-stream')) {
      await this.lookup.hold(() => this.lookup.stream(id, reply));
      return;
    }
    const shown = waitMs > 0 && !isEnded(found.record) ? await this.lookup.hold(() => this.lookup.calls.findEnded(id, waitMs, leaving(reply.raw))) : found;
    await reply.header('Cache-Control', 'no-store').send(toCallStatus(shown, await this.isOwner(request)));
  }

  @Get(':id/result')
  @ApiOperation({ summary: 'Gives the answer of the function as it was', description: 'Its status stands in `X-Function-Status`.' })
  @ApiOkResponse({ description: 'The body.', schema: { type: 'string', format: 'binary' } })
  @Fails({ 401: 'Its caller chose the id.', 404: 'There is no such call, or no answer was kept.' })
  async result(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { answer } = await this.find(id, request);
    if (!answer?.body) throw new ShoalError('call-not-found', answer ? 'the answer was longer than what is kept of one' : 'the call has no answer');
    await reply
      .headers({ 'X-Function-Status': String(answer.status), 'Cache-Control': 'no-store' })
      // What a function wrote must not run as a page of ours.
      .headers({ 'Content-Security-Policy': "sandbox; default-src 'none'", 'Content-Disposition': 'attachment' })
      .type(headerOf(answer.headers, 'content-type') ?? 'application/octet-stream')
      .send(Buffer.from(answer.body));
  }

  @Delete(':id')
  @HttpCode(202)
  @ApiOperation({ summary: 'Cancels an asynchronous call', description: 'One that runs is broken off.' })
  @ApiAcceptedResponse({ type: CallStatus })
  @Fails({ 401: 'Its caller chose the id.', 404: 'There is no such call, or it ended too long ago.', 409: 'It has ended already.' })
  async cancel(@Param('id') id: string, @Req() request: FastifyRequest): Promise<CallStatus> {
    await this.find(id, request);
    return toCallStatus({ record: await this.lookup.calls.cancel(id) }, await this.isOwner(request));
  }

  /** Who gives a password is asked whether it is right. */
  private async isOwner(request: FastifyRequest): Promise<boolean> {
    if (!givesCredentials(request)) return false;
    await this.authenticator.requireCredentials(request);
    return true;
  }

  private async find(id: string, request: FastifyRequest): Promise<FoundCall> {
    // Asked before it is looked for: who guesses is not to learn which ids there are.
    if (!OURS.test(id)) await this.authenticator.requireCredentials(request);
    const found = await this.lookup.calls.find(id);
    if (found.record.idChosen) await this.authenticator.requireCredentials(request);
    return found;
  }
}

/** Resolves when whoever waits for the answer has left, or has it. */
function leaving(answer: ServerResponse): Promise<void> {
  return new Promise((resolve) => answer.once('close', resolve));
}

function parseWait(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new ShoalError('invalid-request', 'wait must be a duration such as 30s');
  return Math.min(ms, MAX_WAIT_MS);
}
