import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Functions } from '@shoal/domain/functions/functions';
import type { LogQuery, LogSource } from '@shoal/domain/logs/log-source';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from './authenticate';
import { ControlPlaneSettings } from './control-plane-settings';
import { Fails } from './error-answer';
import { functionIdOf, lastOf, namespaceOf } from './namespace-query';

type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

/** RFC 3339. `NaN` when it is something else that a date can be read from. */
function parseTime(text: string): number {
  const isRfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  return isRfc3339 ? Date.parse(text) : NaN;
}

/** Where the lines come from, and who is reading them. */
export class Logs {
  private readonly readers = new Set<AbortController>();

  constructor(private readonly source: LogSource) {}

  /** The lines, newline-delimited JSON. Ends when `answer` closes, as the reader has gone, or `until` is aborted. */
  async *read(query: LogQuery, answer: ServerResponse, until?: AbortSignal): AsyncGenerator<string> {
    const reader = new AbortController();
    const end = () => reader.abort();
    this.readers.add(reader);
    answer.once('close', end);
    until?.addEventListener('abort', end);
    if (until?.aborted) end();
    // A quiet function has no line yet that would take the head along.
    if (query.follow) answer.flushHeaders();
    try {
      for await (const line of this.source.read(query, reader.signal)) yield `${JSON.stringify(line)}\n`;
    } finally {
      answer.off('close', end);
      until?.removeEventListener('abort', end);
      this.readers.delete(reader);
    }
  }

  /** A follower would keep the gateway from ending. */
  endAll(): void {
    for (const reader of this.readers) reader.abort();
  }
}

@ApiTags('logs')
@Controller('system/logs')
export class LogsController {
  constructor(
    private readonly logs: Logs,
    private readonly functions: Functions,
    private readonly settings: ControlPlaneSettings,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Reads the log of a function',
    description: 'One JSON object a line: `name`, `namespace`, `instance`, `timestamp`, `text`. Of a parameter given twice the last counts.',
  })
  @ApiQuery({ name: 'name', required: true, description: 'The function.' })
  @ApiQuery({ name: 'namespace', required: false, description: 'The default namespace when left out.' })
  @ApiQuery({ name: 'instance', required: false, description: 'One replica only.' })
  @ApiQuery({ name: 'since', required: false, description: 'Only lines after this moment, RFC 3339.' })
  @ApiQuery({ name: 'tail', required: false, description: 'Only the last so many; 0 or less: all.', schema: { type: 'integer' } })
  @ApiQuery({ name: 'follow', required: false, description: 'Go on with new lines, until the session ends that asks for them.', schema: { type: 'boolean' } })
  @ApiProduces('application/x-ndjson')
  @ApiOkResponse({ description: 'The lines, oldest first.', schema: { type: 'string' } })
  @Fails({ 400: 'The name is missing, or the namespace is no name.', 404: 'There is no such function.', 422: 'The query cannot be read.' })
  async read(@Query() raw: RawQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = this.parse(raw);
    if (!query) {
      await reply.status(422).type('text/plain; charset=utf-8').send('could not parse the log request\n');
      return;
    }
    const until = query.follow ? this.authenticator.sessionEnd(request) : undefined;
    await this.functions.get(query.id);
    const lines = Readable.from(this.logs.read(query, reply.raw, until), { objectMode: false });
    await reply.type('application/x-ndjson').send(lines);
  }

  private parse(raw: RawQuery): LogQuery | undefined {
    const [name, since, tail = '-1', follow = 'false', instance] = ['name', 'since', 'tail', 'follow', 'instance'].map((key) => lastOf(raw[key]));
    if (!name) throw new ShoalError('invalid-request', 'name must say which function');
    const id = functionIdOf(name, namespaceOf(undefined, raw['namespace'], this.settings.functionNamespace));
    const sinceMs = since ? parseTime(since) : undefined;
    if (Number.isNaN(sinceMs) || !/^-?\d{1,9}$/.test(tail) || !/^(true|false|1|0)$/.test(follow)) return undefined;
    return {
      id,
      follow: follow === 'true' || follow === '1',
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(Number(tail) > 0 ? { tail: Number(tail) } : {}),
      ...(instance ? { instance } : {}),
    };
  }
}
