import type { Exchange } from '@shoal/adapters/http/exchange';
import { callEnvironment } from '@shoal/domain/processes/call-environment';
import type { Command, ProcessSpawner } from '@shoal/domain/processes/process-spawner';
import { PrestartedSpawner } from '@shoal/domain/processes/prestarted-spawner';
import { RunOnce } from '@shoal/domain/processes/run-once';
import type { Clock } from '@shoal/domain/shared/clock';
import { CallBody } from './call-body';
import type { FunctionSettings } from './config';
import { ForkedAnswer } from './forked-answer';
import type { FunctionLog } from './function-log';
import { callLimit, sendOwn, tooManyCalls, type HostedFunction } from './hosted-function';

/** `serializing`: a body up to this size has arrived whole before its process starts, so that a broken upload runs nothing. */
const HELD_INPUT_BYTES = 1024 * 1024;
/** `serializing`: an answer up to this size is held until its process has ended, so that a failure can still become a 500. */
const HELD_OUTPUT_BYTES = 1024 * 1024;
/** `marshal_request` needs the whole body in memory. */
const MAX_MARSHALLED_BYTES = 16 * 1024 * 1024;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export interface ForkingFunctionOptions {
  readonly settings: FunctionSettings;
  /** Of every process; the call's own variables come on top. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly spawner: ProcessSpawner;
  readonly clock: Clock;
  readonly log: FunctionLog;
}

/** `serializing` and `streaming` mode: one process for each call (wire contract §5.1.3, §5.2.2). */
export class ForkingFunction implements HostedFunction {
  readonly ready = true;
  readonly failure = undefined;
  inFlight = 0;
  private readonly running = new Set<RunOnce>();

  private readonly prestarted: PrestartedSpawner | undefined;

  constructor(private readonly options: ForkingFunctionOptions) {
    const { settings, spawner, log } = options;
    if (settings.prefork === 0) return;
    this.prestarted = new PrestartedSpawner(spawner, this.command({}), settings.prefork, (reason) => log.note(`prefork is off: ${reason}`));
  }

  async handle(exchange: Exchange): Promise<void> {
    const { maxInflight } = this.options.settings;
    if (!METHODS.includes(exchange.method)) return exchange.send(405, ['Allow', METHODS.join(', ')]);
    if (maxInflight > 0 && this.inFlight >= maxInflight) return sendOwn(exchange, tooManyCalls(maxInflight));
    this.inFlight++;
    try {
      await this.serve(exchange);
    } finally {
      this.inFlight--;
    }
  }

  async stop(): Promise<void> {
    this.prestarted?.stop();
    for (const run of this.running) run.stop();
    await Promise.all([...this.running].map((run) => run.gone));
  }

  private async serve(exchange: Exchange): Promise<void> {
    const { mode, marshalRequest } = this.options.settings;
    const body = new CallBody(exchange, marshalRequest ? MAX_MARSHALLED_BYTES : HELD_INPUT_BYTES);
    exchange.onClosed = () => body.abandon();
    // A streaming process reads its input as it comes.
    const ahead = mode === 'serializing' || marshalRequest;
    if (ahead && !(await body.collect())) return;
    if (marshalRequest && !body.complete) {
      return sendOwn(exchange, { status: 413, code: 'body-too-large', text: `marshal_request takes at most ${MAX_MARSHALLED_BYTES} bytes\n` });
    }
    if (!ahead) void body.collect();
    await this.run(exchange, body);
  }

  private async run(exchange: Exchange, body: CallBody): Promise<void> {
    const { settings, clock, spawner, log } = this.options;
    const startedMs = clock.monotonicMs();
    const limit = callLimit(exchange, settings);
    const answer = new ForkedAnswer(exchange, limit, settings, log);
    this.noteStart(exchange);
    const run = new RunOnce(
      this.prestarted ?? spawner,
      clock,
      {
        command: this.command(settings.cgiHeaders ? callEnvironment(exchange) : {}),
        execTimeoutMs: limit.ms,
        killGraceMs: settings.killGraceMs,
        heldOutputBytes: settings.mode === 'streaming' ? 0 : HELD_OUTPUT_BYTES,
        combineOutput: settings.combineOutput,
      },
      {
        output: (chunk) => {
          if (!answer.stream(chunk)) run.pauseOutput();
        },
        stderr: (chunk) => answer.stderr(chunk),
        drained: () => body.resume(),
      },
    );
    this.running.add(run);
    exchange.onDrained = () => run.resumeOutput();
    exchange.onClosed = () => run.stop();
    if (exchange.closed) run.stop();
    if (settings.marshalRequest) {
      run.write(marshalled(exchange, body.held));
      run.endInput();
    } else {
      body.feed(run);
    }
    const result = await run.result;
    body.stop();
    answer.finish(result, clock.monotonicMs() - startedMs);
    await run.gone;
    this.running.delete(run);
  }

  private command(ofCall: Readonly<Record<string, string>>): Command {
    const { settings, env, cwd } = this.options;
    return { argv: settings.argv, env: { ...env, ...ofCall }, ...(cwd === undefined ? {} : { cwd }) };
  }

  private noteStart({ target, rawHeaders }: Exchange): void {
    const { settings, log } = this.options;
    if (settings.classic) log.note('Forking fprocess.');
    if (settings.debugHeaders) for (let i = 0; i < rawHeaders.length; i += 2) log.note(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
    if (!settings.writeDebug) return;
    const [path, query = ''] = target.split('?', 2);
    log.note(`Query ${query}`);
    log.note(`Path ${path}`);
  }
}

/** The call as JSON (wire contract §5.1.5). */
function marshalled({ rawHeaders }: Exchange, body: readonly Buffer[]): Buffer {
  // Not a plain object: a caller may name a header `constructor` or `__proto__`.
  const header = new Map<string, string[]>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = canonicalName(rawHeaders[i]!);
    header.set(name, [...(header.get(name) ?? []), rawHeaders[i + 1]!]);
  }
  return Buffer.from(JSON.stringify({ header: Object.fromEntries(header), body: { raw: Buffer.concat(body).toString('base64') } }));
}

/** `content-type` → `Content-Type`. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
