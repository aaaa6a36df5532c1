import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { functionKey } from '@shoal/domain/functions/function-spec';
import type { LogLine, LogQuery, LogSource } from '@shoal/domain/logs/log-source';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { HostLogLine } from './host-protocol';

/** Reads the lines that the function host keeps in memory: they are gone when it ends. */
export class LocalLogSource implements LogSource {
  /** @param hostUrl where the host is now; `undefined` while there is none. */
  constructor(private readonly hostUrl: () => string | undefined) {}

  async *read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine> {
    const body = await this.open(query);
    const lines = createInterface({ input: body });
    // However it ends: the signal came, the host died, or all was said.
    body.once('close', () => lines.close());
    const end = () => void body.destroy();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      for await (const text of lines) {
        const { timestamp, instance, text: line } = JSON.parse(text) as HostLogLine;
        yield { ...query.id, instance, timestamp, text: line };
      }
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  private async open(query: LogQuery): Promise<IncomingMessage> {
    const parameters = new URLSearchParams({ key: functionKey(query.id), follow: String(query.follow) });
    if (query.instance !== undefined) parameters.set('instance', query.instance);
    if (query.sinceMs !== undefined) parameters.set('sinceMs', String(query.sinceMs));
    if (query.tail !== undefined) parameters.set('tail', String(query.tail));
    try {
      const [answer] = (await once(get(`${this.hostUrl()}/logs/?${parameters.toString()}`), 'response')) as [IncomingMessage];
      if (answer.statusCode !== 200) throw new Error(`it answered ${answer.statusCode}`);
      answer.on('error', () => undefined); // 'close' follows.
      return answer;
    } catch (error) {
      throw new ShoalError('backend-unavailable', 'the function host cannot be reached', { layer: 'provider' }, { cause: error });
    }
  }
}
