import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Exchange } from '@shoal/adapters/http/exchange';
import type { Clock } from '@shoal/domain/shared/clock';
import { formatDuration } from '@shoal/domain/shared/duration';
import type { FunctionSettings } from './config';
import type { FunctionLog } from './function-log';
import { callIdOf, sendOwn, tooManyCalls, type HostedFunction } from './hosted-function';

export interface StaticFunctionOptions {
  readonly settings: FunctionSettings;
  readonly clock: Clock;
  readonly log: FunctionLog;
}

/** `static` mode: the files of a folder (wire contract §5.2.2), with ranges, conditions, and `index.html` for a folder. */
export class StaticFunction implements HostedFunction {
  readonly ready = true;
  readonly failure = undefined;
  inFlight = 0;
  /** Loaded only where it is needed: what is not loaded takes no time and no memory. */
  private readonly library = import('@fastify/send');
  private readonly open = new Set<Readable>();

  constructor(private readonly options: StaticFunctionOptions) {}

  async handle(exchange: Exchange): Promise<void> {
    const { maxInflight } = this.options.settings;
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return exchange.send(405, ['Allow', 'GET, HEAD']);
    if (maxInflight > 0 && this.inFlight >= maxInflight) return sendOwn(exchange, tooManyCalls(maxInflight));
    this.inFlight++;
    try {
      await this.serve(exchange);
    } catch (error) {
      // A file that is there and cannot be read to its end.
      this.options.log.note(`${exchange.target} could not be sent: ${(error as Error).message}`, callIdOf(exchange));
      if (exchange.headSent) exchange.cut();
      else sendOwn(exchange, { status: 500, code: 'replica-failed', text: 'the file could not be read\n' });
    } finally {
      this.inFlight--;
    }
  }

  async stop(): Promise<void> {
    for (const stream of this.open) stream.destroy();
  }

  private async serve(exchange: Exchange): Promise<void> {
    const { staticPath: root } = this.options.settings;
    const { default: send } = await this.library;
    const asked = { method: exchange.method, headers: headersByName(exchange.rawHeaders) } as IncomingMessage;
    const [path] = exchange.target.split('?', 1);
    const { statusCode, headers, stream } = await send(asked, path!, { root, dotfiles: 'allow', cacheControl: false });
    exchange.begin(statusCode, Object.entries(headers).flatMap(([name, value]) => [name, String(value)]));
    await this.pipe(stream, exchange);
  }

  /** Resolves when all has been written, or the caller has left; rejects when the stream fails. */
  private pipe(stream: Readable, exchange: Exchange): Promise<void> {
    const { clock, settings, log } = this.options;
    this.open.add(stream);
    const { writeTimeoutMs } = settings;
    const timer =
      writeTimeoutMs > 0
        ? clock.after(writeTimeoutMs, () => {
            log.note(`${exchange.target} was not taken within write_timeout, which is ${formatDuration(writeTimeoutMs)}`, callIdOf(exchange));
            exchange.cut();
          })
        : undefined;
    return new Promise<void>((resolve, reject) => {
      exchange.onClosed = () => stream.destroy();
      exchange.onDrained = () => stream.resume();
      stream.on('data', (chunk: Buffer) => {
        if (!exchange.write(chunk)) stream.pause();
      });
      stream.on('end', () => exchange.end());
      stream.on('error', reject);
      stream.on('close', resolve);
    }).finally(() => {
      timer?.cancel();
      this.open.delete(stream);
      if (!exchange.answered) exchange.cut();
    });
  }
}

/** As the library reads them: the first value of each, by its name in lower case. */
function headersByName(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let i = 0; i < rawHeaders.length; i += 2) headers[rawHeaders[i]!.toLowerCase()] ??= rawHeaders[i + 1]!;
  return headers;
}
