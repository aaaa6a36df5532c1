import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { functionKey } from '@shoal/domain/functions/function-spec';
import type { LogLine, LogQuery, LogSource } from '@shoal/domain/logs/log-source';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { HostLogLine } from './host-protocol';

/** Reads the lines that the function host keeps in memory: they are gone when it ends. */
export class LocalLogSource implements LogSource {
  /** @param hostUrl where the host is now; `undefined` while there is none. */
  constructor(private readonly hostUrl: () => string | undefined) {}

  async *read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine> {
    const body = await this.open(query, signal);
    for await (const text of createInterface({ input: body })) {
      const { timestamp, instance, text: line } = JSON.parse(text) as HostLogLine;
      yield { ...query.id, instance, timestamp, text: line };
    }
  }

  private async open(query: LogQuery, signal: AbortSignal): Promise<Readable> {
    const parameters = new URLSearchParams({ key: functionKey(query.id), follow: String(query.follow) });
    if (query.instance !== undefined) parameters.set('instance', query.instance);
    if (query.sinceMs !== undefined) parameters.set('sinceMs', String(query.sinceMs));
    if (query.tail !== undefined) parameters.set('tail', String(query.tail));
    try {
      const answer = await fetch(`${this.hostUrl()}/logs/?${parameters.toString()}`, { signal });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      const body = Readable.fromWeb(answer.body as ReadableStream);
      // Ends with an error when the signal comes; the reader is gone by then.
      body.on('error', () => undefined);
      return body;
    } catch (error) {
      throw new ShoalError('backend-unavailable', 'the function host cannot be reached', { layer: 'provider' }, { cause: error });
    }
  }
}
